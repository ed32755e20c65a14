"""A browser for the pages of a server: it keeps cookies, and posts the forms of pages."""
import html.parser
import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request


class Forms(html.parser.HTMLParser):
    """The forms of a page: where each posts to, and the fields that are filled in."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.found.append((attributes.get("action", ""), {}))
        elif tag == "input" and self.found and "name" in attributes and attributes.get("type") != "checkbox":
            self.found[-1][1][attributes["name"]] = attributes.get("value") or ""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Page:
    def __init__(self, status, headers, text, url):
        self.status, self.headers, self.text, self.url = status, headers, text, url

    def form(self, action):
        for found, fields in Forms(self.text).found:
            if found == action:
                return fields
        raise AssertionError(f"no form to {action} at {self.url}: {self.text[:2000]}")

    def leads_to(self):
        """Where it leads, by redirect or by a page that leads on; nowhere if None."""
        refresh = self.headers.get("refresh", "")
        return refresh.removeprefix("0; url=") or self.headers.get("location")


class Browser:
    def __init__(self, origin):
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.origin, self.opener = origin, urllib.request.build_opener(cookies, NoRedirect)

    def send(self, path, form=None):
        url = urllib.parse.urljoin(self.origin, path)
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(url, body, {"Origin": self.origin} if body is not None else {})
        try:
            answer = self.opener.open(request)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Page(answer.status, answer.headers, answer.read().decode(), url)

    def visit(self, path):
        """Follows redirects on the site, and stops at those that leave it."""
        page = self.send(path)
        for _ in range(5):
            target = page.leads_to()
            if target is None or not urllib.parse.urljoin(page.url, target).startswith(f"{self.origin}/"):
                return page
            page = self.send(target)
        raise AssertionError(f"{path} does not end")

    def fill(self, page, action, **typed):
        """Posts a form of the page, and follows where the answer leads on the site."""
        answer = self.send(action, page.form(action) | typed)
        target = answer.leads_to()
        if target is not None and urllib.parse.urljoin(answer.url, target).startswith(f"{self.origin}/"):
            return self.visit(target)
        return answer

    def sign_in(self, page, email, password):
        return self.fill(page, "/sign-in", email=email, password=password)

    def consent(self, url, **account):
        """Goes to /authorize, signs in if asked to, allows it, and returns where that leads."""
        page = self.visit(url)
        if 'action="/sign-in"' in page.text:
            page = self.sign_in(page, **account)
        if page.leads_to() is None:
            page = self.fill(page, "/authorize", decision="allow")
        return page.leads_to()

    def connect(self, code, **account):
        """Enters the code of a device, signs in if asked to, and approves it."""
        page = self.visit("/device")
        if 'action="/sign-in"' in page.text:
            page = self.sign_in(page, **account)
        page = self.fill(page, "/device", user_code=code)
        page = self.fill(page, "/device/decide", decision="approve")
        assert "Device connected" in page.text, page.text
