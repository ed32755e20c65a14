//! What a new passkey is called: after the authenticator that holds it, and the browser it was made in.

use uuid::{Uuid, uuid};

/// Authenticators by their model (AAGUID), as their makers publish them. An authenticator says itself what it is, so
/// this is good for a name and for nothing else.
const KNOWN: [(Uuid, &str); 22] = [
    (uuid!("fbfc3007-154e-4ecc-8c0b-6e020557d7bd"), "Apple Passwords"),
    (uuid!("dd4ec289-e01d-41c9-bb89-70fa845d4bf2"), "iCloud Keychain"),
    (uuid!("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4"), "Google Password Manager"),
    (uuid!("adce0002-35bc-c60a-648b-0b25f1f05503"), "Chrome profile"),
    (uuid!("b5397666-4885-aa6b-cebf-e52262a439a2"), "Chromium profile"),
    (uuid!("771b48fd-d3d4-4f74-9232-fc157ab0507a"), "Edge profile"),
    (uuid!("08987058-cadc-4b81-b6e1-30de50dcbe96"), "Windows Hello"),
    (uuid!("9ddd1817-af5a-4672-a2b9-3e3dd95000a9"), "Windows Hello"),
    (uuid!("6028b017-b1d4-4c02-b4b3-afcdafc96bb2"), "Windows Hello"),
    (uuid!("d3452668-01fd-4c12-926c-83a4204853aa"), "Microsoft Password Manager"),
    (uuid!("53414d53-554e-4700-0000-000000000000"), "Samsung Pass"),
    (uuid!("bada5566-a7aa-401f-bd96-45619a55120d"), "1Password"),
    (uuid!("d548826e-79b4-db40-a3d8-11116f7e8349"), "Bitwarden"),
    (uuid!("531126d6-e717-415c-9320-3d9aa6981239"), "Dashlane"),
    (uuid!("50726f74-6f6e-5061-7373-50726f746f6e"), "Proton Pass"),
    (uuid!("b84e4048-15dc-4dd0-8640-f4f60813c8af"), "NordPass"),
    (uuid!("0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6"), "Keeper"),
    (uuid!("b78a0a55-6ef8-d246-a042-ba0f6d55050c"), "LastPass"),
    (uuid!("f3809540-7f14-49c1-a8b3-8f813b225541"), "Enpass"),
    (uuid!("b35a26b2-8f6e-4697-ab1d-d44db4da28c6"), "Zoho Vault"),
    (uuid!("fdb141b2-5d84-443e-8a35-4698c205a502"), "KeePassXC"),
    (uuid!("eaecdef2-1c31-5634-8639-f1cbd9c00a08"), "KeePassDX"),
];

/// The name of a new passkey: `Bitwarden (Firefox on Linux)`, or `Firefox on Linux` where the authenticator is not
/// known.
pub(super) fn name_of(aaguid: &[u8], browser: &str) -> String {
    let known = KNOWN.iter().find(|(model, _)| model.as_bytes() == aaguid);
    known.map_or_else(|| browser.to_owned(), |(_, name)| format!("{name} ({browser})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passkey_is_named_after_what_holds_it() {
        let bitwarden = uuid!("d548826e-79b4-db40-a3d8-11116f7e8349");
        assert_eq!(name_of(bitwarden.as_bytes(), "Firefox on Linux"), "Bitwarden (Firefox on Linux)");
        for unknown in [&[0; 16][..], &[7; 16], &[]] {
            assert_eq!(name_of(unknown, "Chrome on macOS"), "Chrome on macOS");
        }
    }
}
