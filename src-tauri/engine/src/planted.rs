//! Faults that a build of its own can switch on, one at a time, so that the torture can show that it finds them.
//! Without the feature `planted` every question is a constant no, and nothing of this is left in the program.

/// A fault that somebody could have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planted {
    /// A filing whose end nobody saw is done again without a look.
    AppendRetriedBlindly,
    /// A server's NO counts as done.
    NoTakenAsSuccess,
    /// What waits is pushed to a mailbox that was numbered anew.
    UidvalidityUnchecked,
    /// What waited when a line broke is forgotten.
    #[cfg(feature = "planted")]
    WantDroppedOnReconnect,
    /// A mail whose last reply got lost counts as not sent.
    ResentAfterLost250,
    /// What a person wants is answered before it is on the disk.
    ProfileUnsynced,
    /// A draft's last version is removed before the next one is there.
    DraftReplacedUnconfirmed,
}

impl Planted {
    /// Whether this one is switched on.
    #[cfg(not(feature = "planted"))]
    pub(crate) const fn is_on(self) -> bool {
        false
    }

    /// Whether this one is switched on, by its name in `GODWIT_PLANTED`.
    #[cfg(feature = "planted")]
    pub(crate) fn is_on(self) -> bool {
        let name = match self {
            Self::AppendRetriedBlindly => "append-retried-blindly",
            Self::NoTakenAsSuccess => "no-taken-as-success",
            Self::UidvalidityUnchecked => "uidvalidity-unchecked",
            Self::WantDroppedOnReconnect => "want-dropped-on-reconnect",
            Self::ResentAfterLost250 => "resent-after-lost-250",
            Self::ProfileUnsynced => "profile-unsynced",
            Self::DraftReplacedUnconfirmed => "draft-replaced-unconfirmed",
        };
        std::env::var("GODWIT_PLANTED").is_ok_and(|chosen| chosen == name)
    }
}
