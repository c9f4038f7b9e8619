//! What a person can set.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Light, dark, or as the system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// How close rows stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Density {
    /// 68 px, three lines.
    #[default]
    Roomy,
    /// 52 px, two lines.
    Cosy,
    /// 36 px, one line.
    Compact,
}

/// When mail that is to be kept here comes of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Ahead {
    /// While the system does not say that the line is metered.
    #[default]
    Unmetered,
    /// Always.
    Always,
    /// Never: only what a person opens or asks for.
    Never,
}

impl Ahead {
    /// Whether to fetch ahead; `metered: None` where the system does not say.
    #[must_use]
    pub fn allows(self, metered: Option<bool>) -> bool {
        match self {
            Self::Unmetered => metered != Some(true),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Whether mail comes of itself, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Fetching {
    /// Whether the line is metered; `None`: the system does not say.
    pub metered: Option<bool>,
    /// Whether what is to be kept here is fetched now.
    pub ahead: bool,
}

/// Settings of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Settings {
    /// Light or dark.
    pub theme: Theme,
    /// Row height.
    pub density: Density,
    /// One row per conversation.
    pub threaded: bool,
    /// Seconds a mail is held for undo; 0 to 60.
    pub undo_send_secs: u32,
    /// Notify of new mail in inboxes.
    pub notify: bool,
    /// When mail that is to be kept here comes of itself.
    pub ahead: Ahead,
    /// Width of the folder pane in css px, 184 to 320.
    pub folders_width: u32,
    /// Width of the list pane in css px, 288 to 560.
    pub list_width: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            density: Density::Roomy,
            threaded: true,
            undo_send_secs: 6,
            notify: true,
            ahead: Ahead::Unmetered,
            folders_width: 232,
            list_width: 372,
        }
    }
}

impl Settings {
    /// The same with every number in its range.
    #[must_use]
    pub fn clamped(mut self) -> Self {
        self.undo_send_secs = self.undo_send_secs.min(60);
        self.folders_width = self.folders_width.clamp(184, 320);
        self.list_width = self.list_width.clamp(288, 560);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_comes_of_itself_unless_the_line_is_known_to_cost_or_a_person_says_otherwise() {
        let allows = |ahead: Ahead| [None, Some(false), Some(true)].map(|metered| ahead.allows(metered));
        assert_eq!(allows(Ahead::Unmetered), [true, true, false]);
        assert_eq!(allows(Ahead::Always), [true; 3]);
        assert_eq!(allows(Ahead::Never), [false; 3]);
    }

    #[test]
    fn settings_of_an_older_godwit_are_read_with_what_is_new() {
        let old: Settings = serde_json::from_str(r#"{"theme": "dark", "undo_send_secs": 9}"#).unwrap();
        assert_eq!(old, Settings { theme: Theme::Dark, undo_send_secs: 9, ..Settings::default() });
    }
}
