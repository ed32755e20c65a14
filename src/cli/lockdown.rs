//! `vestibule lockdown`

use clap::Args;

use super::{
    context::Context,
    failure::Failure,
    output::{print, print_json},
    prompt::confirm,
};
use crate::features::accounts::admin::{self, Ended};

/// Options of `lockdown`.
#[derive(Debug, Args)]
pub(super) struct Lockdown {
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Lockdown {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let what = "this signs everybody out, revokes all tokens, and invalidates all links in mails";
        confirm(context, self.yes, what, "lockdown")?;
        let ended = context.logged("lockdown", (None, "everybody"), admin::lockdown(&context.db)).await?;
        if self.json {
            return print_json(&ended);
        }
        let Ended { browsers, tokens, links } = ended;
        let counted = |count: u64, one: &str, more: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {more}"),
        };
        print(&format!(
            "Ended: {}, {}, {}. Everybody must sign in again; passwords still work.",
            counted(browsers as u64, "browser session", "browser sessions"),
            counted(tokens as u64, "token", "tokens"),
            counted(links, "link in a mail", "links in mails"),
        ));
        Ok(())
    }
}
