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
