//! `vestibule lockdown`

use clap::Args;

use super::{
    Failure,
    ask::sure,
    house::House,
    output::{print_json, say},
};
use crate::features::accounts::admin::{self, Ended};

/// Whether to ask.
#[derive(Debug, Args)]
pub(super) struct Lockdown {
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Answer in JSON, for scripts
    #[arg(long)]
    json: bool,
}

impl Lockdown {
    /// Does it.
    pub(super) async fn run(self, house: &House) -> Result<(), Failure> {
        let what = "this signs everybody out, revokes every token of everybody, and voids every link that was mailed";
        sure(house, self.yes, what, "lockdown")?;
        let ended = house.logged("lockdown", (None, "everybody"), admin::lockdown(&house.db)).await?;
        if self.json {
            return print_json(&ended);
        }
        let Ended { browsers, tokens, links } = ended;
        let counted = |count: u64, one: &str, more: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {more}"),
        };
        say(&format!(
            "Ended: {}, {}, {}. Everybody signs in anew, with the password they have.",
            counted(browsers as u64, "browser session", "browser sessions"),
            counted(tokens as u64, "token", "tokens"),
            counted(links, "link in a mail", "links in mails"),
        ));
        Ok(())
    }
}
