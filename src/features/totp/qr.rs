//! The QR code with which an authenticator app takes a secret.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

use super::code::base32;

/// The quiet zone around the code, in modules (ISO/IEC 18004).
const QUIET: usize = 4;

/// A QR code as the path of an SVG.
#[derive(Clone, Debug)]
pub(super) struct Qr {
    /// The width and the height, in modules.
    pub(super) size: usize,
    /// The dark modules.
    pub(super) path: String,
}

/// The URI that apps read from the code (Google Authenticator, "Key URI Format").
pub(super) fn uri(host: &str, email: &str, secret: &[u8]) -> String {
    let encoded =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let (issuer, email) = (encoded(host), encoded(email));
    format!("otpauth://totp/{issuer}:{email}?secret={}&issuer={issuer}", base32(secret))
}

/// The QR code of `text`; `None` if it is too long for one.
pub(super) fn qr(text: &str) -> Option<Qr> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (width, colors) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let run = row[x..].iter().take_while(|color| **color == Color::Dark).count();
            if run > 0 {
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += run.max(1);
        }
    }
    Some(Qr { size: width + 2 * QUIET, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uri_is_one_that_apps_read() {
        let uri = uri("vestibule.example", "ada+x@example.org", b"12345678901234567890");
        assert_eq!(
            uri,
            "otpauth://totp/vestibule%2Eexample:ada%2Bx%40example%2Eorg?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&\
             issuer=vestibule%2Eexample"
        );
        assert!(qr(&uri).is_some());
    }

    #[test]
    fn the_code_has_its_three_corners_and_a_quiet_zone() {
        let Qr { size, path } = qr("otpauth://totp/a").unwrap();
        assert_eq!(size, 25 + 2 * QUIET, "version 2");
        for corner in ["M4 4h7v1h-7z", "M22 4h7v1h-7z", "M4 22h7v1h-7z"] {
            assert!(path.contains(corner), "{corner}: {path}");
        }
        assert!(!path.contains("M0 ") && !path.contains("M3 "));
    }

    #[test]
    fn the_longest_address_fits() {
        let email = format!("{}@example.org", "é".repeat(240));
        assert!(qr(&uri(&"x".repeat(253), &email, &[0; 20])).is_some());
    }
}
