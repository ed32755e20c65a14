// The doctor's table of causes: what is wrong, and the line to change. The server reads it too: after `export default`
// there is nothing but JSON. {page}, {api}, {near}, {path}, {header} and {cookie} are filled in.
export default {
  "stacks": {
    "axum": "axum",
    "django": "Django",
    "express": "Express",
    "rails": "Rails",
    "laravel": "Laravel",
    "nginx": "nginx",
    "caddy": "Caddy",
    "vite": "Vite",
    "vestibule": "Vestibule"
  },
  "causes": [
    {
      "id": "origin-not-allowed",
      "title": "The origin is not allowed",
      "about": "The API answers, but does not name {page} in Access-Control-Allow-Origin, so the browser keeps the answer from the page.",
      "look": "Access-Control-Allow-Origin in the answer: it is missing, or another origin.",
      "lines": {
        "axum": ["CorsLayer", ".allow_origin(\"{page}\".parse::<HeaderValue>()?)"],
        "django": ["settings.py", "CORS_ALLOWED_ORIGINS = [\"{page}\"]"],
        "express": ["before the routes", "app.use(cors({ origin: \"{page}\" }));"],
        "rails": ["config/initializers/cors.rb", "origins \"{page}\""],
        "laravel": ["config/cors.php", "'allowed_origins' => ['{page}'],"],
        "nginx": ["location", "add_header Access-Control-Allow-Origin \"{page}\" always;"],
        "caddy": ["Caddyfile", "header Access-Control-Allow-Origin \"{page}\""],
        "vite": ["vite.config.js", "server: { proxy: { \"{path}\": \"{api}\" } }"],
        "vestibule": ["Leptos.toml, [cors]", "allowed_origins = [\"{page}\"]"]
      }
    },
    {
      "id": "star",
      "title": "“*” with credentials",
      "about": "The API allows every origin with Access-Control-Allow-Origin: *. Browsers do not accept that for a request with credentials; it has to name {page}, with Access-Control-Allow-Credentials: true. (A server that copies whatever origin it gets, without Allow-Credentials, looks the same; the same line mends it.)",
      "look": "Access-Control-Allow-Origin in the answer: it is “*”.",
      "lines": {
        "axum": ["CorsLayer", ".allow_origin(\"{page}\".parse::<HeaderValue>()?).allow_credentials(true)"],
        "django": ["settings.py, not CORS_ALLOW_ALL_ORIGINS", "CORS_ALLOWED_ORIGINS = [\"{page}\"]; CORS_ALLOW_CREDENTIALS = True"],
        "express": ["before the routes", "app.use(cors({ origin: \"{page}\", credentials: true }));"],
        "rails": ["config/initializers/cors.rb", "origins \"{page}\"; resource \"*\", headers: :any, credentials: true"],
        "laravel": ["config/cors.php", "'allowed_origins' => ['{page}'], 'supports_credentials' => true,"],
        "nginx": ["location, with Access-Control-Allow-Credentials", "add_header Access-Control-Allow-Origin \"{page}\" always;"],
        "caddy": ["Caddyfile, with Access-Control-Allow-Credentials", "header Access-Control-Allow-Origin \"{page}\""],
        "vite": ["vite.config.js", "server: { proxy: { \"{path}\": \"{api}\" } }"]
      }
    },
    {
      "id": "credentials-not-allowed",
      "title": "No Access-Control-Allow-Credentials",
      "about": "The API allows {page}, but not credentials: Access-Control-Allow-Credentials: true is missing. The browser sends and stores the cookie, and keeps the answer from the page.",
      "look": "Access-Control-Allow-Credentials in the answer: it is missing, or not “true” in lower case.",
      "lines": {
        "axum": ["CorsLayer", ".allow_credentials(true)"],
        "django": ["settings.py", "CORS_ALLOW_CREDENTIALS = True"],
        "express": ["before the routes", "app.use(cors({ origin: \"{page}\", credentials: true }));"],
        "rails": ["config/initializers/cors.rb", "resource \"*\", headers: :any, credentials: true"],
        "laravel": ["config/cors.php", "'supports_credentials' => true,"],
        "nginx": ["location", "add_header Access-Control-Allow-Credentials true always;"],
        "caddy": ["Caddyfile", "header Access-Control-Allow-Credentials true"],
        "vite": ["vite.config.js", "server: { proxy: { \"{path}\": \"{api}\" } }"]
      }
    },
    {
      "id": "credentials-not-set",
      "title": "credentials: “include” is not set on both calls",
      "about": "Without it, a fetch to another origin neither stores the cookie of the answer nor sends one, and reports no error. The call that signs in needs it, and so does every later call.",
      "look": "Set-Cookie in the answer to the sign-in, and no Cookie in the next request.",
      "lines": {
        "page": ["both calls; in axios withCredentials: true", "fetch(url, { ...options, credentials: \"include\" })"]
      }
    },
    {
      "id": "credentials-needless",
      "title": "A call with a token sends credentials",
      "about": "The call sets credentials: “include”, which the API does not allow. A call with a token needs no cookies: leave the option out.",
      "look": "Access-Control-Allow-Credentials in the answer: it is missing.",
      "lines": {
        "page": ["every call; in axios no withCredentials", "fetch(url, { headers: { Authorization: `Bearer ${token}` } })"]
      }
    },
    {
      "id": "same-site",
      "title": "SameSite keeps the cookie out",
      "about": "{page} and {api} are two sites. Across sites a browser stores and sends only cookies with SameSite=None and Secure; without the attribute, Lax applies. Better than this line: serve both from one site.",
      "look": "the Cookies tab of the sign-in, which gives the reason beside the cookie: SameSite, or third-party cookies.",
      "lines": {
        "axum": ["SessionManagerLayer", ".with_same_site(SameSite::None).with_secure(true)"],
        "django": ["settings.py", "SESSION_COOKIE_SAMESITE = \"None\"; SESSION_COOKIE_SECURE = True"],
        "express": ["express-session", "session({ ...options, cookie: { sameSite: \"none\", secure: true } })"],
        "rails": ["config/initializers/session_store.rb", "Rails.application.config.session_store :cookie_store, same_site: :none, secure: true"],
        "laravel": [".env, with SESSION_SECURE_COOKIE=true", "SESSION_SAME_SITE=none"],
        "nginx": ["location", "proxy_cookie_flags ~ samesite=none secure;"],
        "caddy": ["reverse_proxy", "header_down Set-Cookie \"SameSite=Lax\" \"SameSite=None; Secure\""],
        "vite": ["vite.config.js", "server: { proxy: { \"{path}\": \"{api}\" } }"]
      }
    },
    {
      "id": "secure",
      "title": "A Secure cookie over http",
      "about": "The cookie is Secure, and {api} is http. Browsers store it from https only, and some of them from http://localhost. Serve the API by https; in development alone, the line leaves Secure out.",
      "look": "Set-Cookie in the answer to the sign-in: it has Secure.",
      "lines": {
        "axum": ["SessionManagerLayer", ".with_secure(!cfg!(debug_assertions))"],
        "django": ["settings.py", "SESSION_COOKIE_SECURE = not DEBUG"],
        "express": ["express-session", "session({ ...options, cookie: { secure: process.env.NODE_ENV === \"production\" } })"],
        "rails": ["config/initializers/session_store.rb", "Rails.application.config.session_store :cookie_store, secure: Rails.env.production?"],
        "laravel": [".env of the development machine", "SESSION_SECURE_COOKIE=false"],
        "nginx": ["server, with a certificate", "listen 443 ssl;"],
        "caddy": ["Caddyfile, the site's address without http://", "tls internal"],
        "vite": ["vite.config.js", "plugins: [basicSsl()], server: { proxy: { \"{path}\": \"{api}\" } }"],
        "vestibule": ["Leptos.toml, [server]", "public_url = \"http://…\", the address in the address bar"]
      }
    },
    {
      "id": "third-party",
      "title": "The browser blocks third-party cookies",
      "about": "{page} and {api} are two sites, so the cookie is a third party's. Safari and private windows block those, whatever the server says. Serve page and API from one site, or use a token.",
      "look": "the Cookies tab of the sign-in, which gives the reason beside the cookie: SameSite, or third-party cookies.",
      "lines": {
        "axum": ["the router", ".fallback_service(ServeDir::new(\"dist\"))"],
        "django": ["urls.py, last", "re_path(r\"^\", TemplateView.as_view(template_name=\"index.html\"))"],
        "express": ["after the routes", "app.use(express.static(\"dist\"));"],
        "rails": ["config/routes.rb, last, with the page in public/", "get \"*path\", to: \"static#index\""],
        "laravel": ["routes/web.php, last", "Route::view('/{any}', 'app')->where('any', '.*');"],
        "nginx": ["server of the page", "location {path} { proxy_pass {api}; }"],
        "caddy": ["site of the page", "reverse_proxy {path}* {api}"],
        "vite": ["vite.config.js", "server: { proxy: { \"{path}\": \"{api}\" } }"]
      }
    },
    {
      "id": "preflight",
      "title": "The preflight is refused or redirected",
      "about": "Before a request with a header such as Authorization or a JSON body, the browser asks by OPTIONS. The answer is an error, a redirect, or names no origin. It has to be 2xx, at the exact URL, without signing in.",
      "look": "the status of the OPTIONS request: 2xx means that it is the headers, anything else that it is the preflight.",
      "lines": {
        "axum": ["the router; the last layer is the outermost", ".layer(auth).layer(cors)"],
        "django": ["settings.py, first of all", "MIDDLEWARE = [\"corsheaders.middleware.CorsMiddleware\", *MIDDLEWARE]"],
        "express": ["before every other app.use", "app.use(cors(options));"],
        "rails": ["config/initializers/cors.rb", "Rails.application.config.middleware.insert_before 0, Rack::Cors"],
        "laravel": ["config/cors.php", "'paths' => ['api/*', 'sanctum/csrf-cookie', 'login', 'logout'],"],
        "nginx": ["location", "if ($request_method = OPTIONS) { return 204; }"],
        "caddy": ["Caddyfile, with @preflight method OPTIONS", "respond @preflight 204"],
        "vite": ["vite.config.js", "server: { proxy: { \"{path}\": \"{api}\" } }"]
      }
    },
    {
      "id": "header-not-allowed",
      "title": "A request header is not allowed",
      "about": "The preflight is answered, but Access-Control-Allow-Headers does not name {header}. (“*” there does not cover Authorization, nor anything in a request with credentials.)",
      "look": "Access-Control-Allow-Headers in the answer to OPTIONS.",
      "lines": {
        "axum": ["CorsLayer", ".allow_headers([HeaderName::from_static(\"{header}\")])"],
        "django": ["settings.py", "CORS_ALLOW_HEADERS = [*default_headers, \"{header}\"]"],
        "express": ["before the routes", "app.use(cors({ origin: \"{page}\", allowedHeaders: [\"{header}\"] }));"],
        "rails": ["config/initializers/cors.rb", "resource \"*\", headers: [\"{header}\"]"],
        "laravel": ["config/cors.php", "'allowed_headers' => ['{header}'],"],
        "nginx": ["location", "add_header Access-Control-Allow-Headers \"{header}\" always;"],
        "caddy": ["Caddyfile", "header Access-Control-Allow-Headers \"{header}\""],
        "vite": ["vite.config.js", "server: { proxy: { \"{path}\": \"{api}\" } }"],
        "vestibule": ["your page: the API reads no other headers", "// remove {header} from the call"]
      }
    },
    {
      "id": "header-not-exposed",
      "title": "A response header is not exposed",
      "about": "The page cannot read {header}: the API does not send it, or Access-Control-Expose-Headers does not name it.",
      "look": "{header} and Access-Control-Expose-Headers in the answer.",
      "lines": {
        "axum": ["CorsLayer", ".expose_headers([HeaderName::from_static(\"{header}\")])"],
        "django": ["settings.py", "CORS_EXPOSE_HEADERS = [\"{header}\"]"],
        "express": ["before the routes", "app.use(cors({ origin: \"{page}\", exposedHeaders: [\"{header}\"] }));"],
        "rails": ["config/initializers/cors.rb", "resource \"*\", headers: :any, expose: [\"{header}\"]"],
        "laravel": ["config/cors.php", "'exposed_headers' => ['{header}'],"],
        "nginx": ["location", "add_header Access-Control-Expose-Headers \"{header}\" always;"],
        "caddy": ["Caddyfile", "header Access-Control-Expose-Headers \"{header}\""],
        "vite": ["vite.config.js", "server: { proxy: { \"{path}\": \"{api}\" } }"]
      }
    },
    {
      "id": "port-or-scheme",
      "title": "The port or the scheme differs",
      "about": "The page is at {page}, which differs from {expected} by its port or scheme, and so is another origin. A page on https also may not call an API on http.",
      "look": "Origin in the request, and Access-Control-Allow-Origin in the answer.",
      "lines": {
        "axum": ["CorsLayer", ".allow_origin(\"{page}\".parse::<HeaderValue>()?)"],
        "django": ["settings.py", "CORS_ALLOWED_ORIGINS = [\"{page}\"]"],
        "express": ["before the routes", "app.use(cors({ origin: \"{page}\" }));"],
        "rails": ["config/initializers/cors.rb", "origins \"{page}\""],
        "laravel": ["config/cors.php", "'allowed_origins' => ['{page}'],"],
        "nginx": ["location", "add_header Access-Control-Allow-Origin \"{page}\" always;"],
        "caddy": ["Caddyfile", "header Access-Control-Allow-Origin \"{page}\""],
        "vite": ["vite.config.js: the port, or an error if it is in use", "server: { port: 5173, strictPort: true }"],
        "vestibule": ["Leptos.toml, [cors]", "allowed_origins = [\"{page}\"]"]
      }
    },
    {
      "id": "localhost",
      "title": "localhost is not 127.0.0.1",
      "about": "{page} and {expected} are the same machine under two names: two origins, and two sites. Use one name for the page, the API and the settings.",
      "look": "the host names in the address bar and in the request.",
      "lines": {
        "page": ["the page", "const API = \"{near}\";"],
        "axum": ["CorsLayer", ".allow_origin(\"{page}\".parse::<HeaderValue>()?)"],
        "django": ["settings.py", "CORS_ALLOWED_ORIGINS = [\"{page}\"]"],
        "express": ["before the routes", "app.use(cors({ origin: \"{page}\", credentials: true }));"],
        "rails": ["config/initializers/cors.rb", "origins \"{page}\""],
        "laravel": ["config/cors.php", "'allowed_origins' => ['{page}'],"],
        "nginx": ["location", "add_header Access-Control-Allow-Origin \"{page}\" always;"],
        "caddy": ["Caddyfile", "header Access-Control-Allow-Origin \"{page}\""],
        "vite": ["vite.config.js", "server: { host: \"localhost\" }"],
        "vestibule": ["Leptos.toml, [cors]", "allowed_origins = [\"{page}\"]"]
      }
    },
    {
      "id": "proxy",
      "title": "A proxy drops or rewrites Host, Set-Cookie or Origin",
      "about": "What is between page and API changes the request or the answer: another Host, so that the API takes {page} for a stranger; a Domain or Path of the cookie that does not fit; or a page of its own instead of the API's answer.",
      "look": "Set-Cookie in the answer to the sign-in (its Domain and Path), and what the API's log has as Host and Origin.",
      "lines": {
        "axum": ["SessionManagerLayer, without with_domain", "SessionManagerLayer::new(store).with_path(\"/\")"],
        "django": ["settings.py, for the check of Origin", "CSRF_TRUSTED_ORIGINS = [\"{page}\"]"],
        "express": ["express-session behind a proxy", "app.set(\"trust proxy\", 1);"],
        "rails": ["config/environments/*.rb", "config.hosts << \"{host}\""],
        "laravel": ["bootstrap/app.php", "$middleware->trustProxies(at: '*');"],
        "nginx": ["location", "proxy_set_header Host $http_host;"],
        "caddy": ["reverse_proxy, instead of header_up Host", "header_up Host {http.request.host}"],
        "vite": ["vite.config.js", "\"{path}\": { target: \"{api}\", changeOrigin: false, cookieDomainRewrite: \"\" }"],
        "vestibule": ["Leptos.toml, [server]", "public_url = \"{page}\""]
      }
    },
    {
      "id": "shadowed",
      "title": "An older cookie shadows this one",
      "about": "The browser has two cookies of this name, of another path, domain or port of the same host (ports share cookies), and the API reads the wrong one. Delete the cookies of the host; a name of its own for each app keeps them apart.",
      "look": "Cookie in the request: the name is there twice.",
      "lines": {
        "axum": ["SessionManagerLayer", ".with_name(\"my_app_session\")"],
        "django": ["settings.py", "SESSION_COOKIE_NAME = \"my_app_session\""],
        "express": ["express-session", "session({ ...options, name: \"my_app_session\" })"],
        "rails": ["config/initializers/session_store.rb", "Rails.application.config.session_store :cookie_store, key: \"my_app_session\""],
        "laravel": [".env", "SESSION_COOKIE=my_app_session"],
        "nginx": ["location, once, with the path of the older one", "add_header Set-Cookie \"{cookie}=; Path={path}; Max-Age=0\" always;"],
        "caddy": ["Caddyfile, once, with the path of the older one", "header +Set-Cookie \"{cookie}=; Path={path}; Max-Age=0\""],
        "vite": ["vite.config.js: a host of its own, which shares no cookies", "server: { host: \"my-app.localhost\" }"]
      }
    },
    {
      "id": "errors",
      "title": "Error answers carry no CORS headers",
      "about": "The page can read the API's answer with credentials, but not its refusal without them: what answers 401 adds no CORS headers, so the page sees a network error instead.",
      "look": "Access-Control-Allow-Origin in an answer with status 401.",
      "lines": {
        "axum": ["the router; the last layer is the outermost", ".layer(auth).layer(cors)"],
        "django": ["settings.py, first of all", "MIDDLEWARE = [\"corsheaders.middleware.CorsMiddleware\", *MIDDLEWARE]"],
        "express": ["before every other app.use", "app.use(cors(options));"],
        "rails": ["config/initializers/cors.rb", "Rails.application.config.middleware.insert_before 0, Rack::Cors"],
        "laravel": ["bootstrap/app.php", "$middleware->prepend(\\Illuminate\\Http\\Middleware\\HandleCors::class);"],
        "nginx": ["location: without “always”, errors have no header", "add_header Access-Control-Allow-Origin \"{page}\" always;"],
        "caddy": ["Caddyfile, in handle_errors too", "header Access-Control-Allow-Origin \"{page}\""],
        "vite": ["vite.config.js", "server: { proxy: { \"{path}\": \"{api}\" } }"]
      }
    },
    {
      "id": "policy",
      "title": "The page's own policy blocks the call",
      "about": "The Content-Security-Policy of {page} does not list {api} in connect-src, so the browser sends nothing.",
      "look": "the console: “violates the following Content Security Policy directive”.",
      "lines": {
        "page": ["the page's Content-Security-Policy", "connect-src 'self' {api}"]
      }
    },
    {
      "id": "unreachable",
      "title": "No answer arrives",
      "about": "No request to {api} gets an answer: no server listens there, its certificate is not trusted, an ad blocker stops it, or the browser did not get permission to reach a local network.",
      "look": "the status of the request: without one, no answer arrived; with one, the origin is not allowed.",
      "lines": {
        "page": ["open it in a tab: it has to answer", "{url}"]
      }
    }
  ],
  "notes": {
    "fine": "Every step behaved as it should, from {page} to {api}, in this browser.",
    "public": "The call answers 2xx without a cookie, so it says nothing about being signed in. Name one that requires it, such as the account's own.",
    "sign-in": "The call answers {status}, as it should to somebody who is not signed in. Name the sign-in call as well, so that the doctor can follow the cookie.",
    "refused": "The sign-in itself answers {status}. Check its URL, its body and what it requires, such as a CSRF token; then run the doctor again.",
    "failing": "The call answers {status}, which has nothing to do with origins or cookies. Look in the API's log."
  }
};
