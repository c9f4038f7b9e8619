//! Mailboxes (the interface says Folder) and the roles they play (RFC 6154).

use crate::{AccountId, MailboxId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a mailbox is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// INBOX.
    Inbox,
    /// `\Drafts`
    Drafts,
    /// `\Sent`
    Sent,
    /// `\Archive`
    Archive,
    /// `\Junk`
    Junk,
    /// `\Trash`
    Trash,
    /// `\All`
    All,
    /// `\Flagged`
    Flagged,
}

impl Role {
    /// All roles, in the order a folder list shows them.
    pub const ALL: [Self; 8] =
        [Self::Inbox, Self::Drafts, Self::Sent, Self::Archive, Self::Junk, Self::Trash, Self::All, Self::Flagged];

    /// The word the store and the command line use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Drafts => "drafts",
            Self::Sent => "sent",
            Self::Archive => "archive",
            Self::Junk => "junk",
            Self::Trash => "trash",
            Self::All => "all",
            Self::Flagged => "flagged",
        }
    }

    /// The other way.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.word() == word)
    }

    /// The role of a SPECIAL-USE attribute such as `\Sent`.
    pub fn from_attribute(attribute: &str) -> Option<Self> {
        let word = attribute.strip_prefix('\\')?;
        Self::ALL.into_iter().filter(|r| *r != Self::Inbox).find(|r| r.word().eq_ignore_ascii_case(word))
    }

    /// The role that a folder's own name suggests, in the languages that big servers use. Only for servers without SPECIAL-USE.
    pub fn from_name(name: &str) -> Option<Self> {
        const NAMES: &[(Role, &[&str])] = &[
            (
                Role::Drafts,
                &[
                    "drafts",
                    "draft",
                    "entwürfe",
                    "brouillons",
                    "borradores",
                    "bozze",
                    "concepten",
                    "kladder",
                    "utkast",
                    "rascunhos",
                    "черновики",
                    "чернетки",
                    "草稿",
                    "草稿箱",
                    "下書き",
                    "taslaklar",
                    "wersje robocze",
                ],
            ),
            (
                Role::Sent,
                &[
                    "sent",
                    "sent items",
                    "sent mail",
                    "sent messages",
                    "gesendet",
                    "gesendete elemente",
                    "gesendete objekte",
                    "envoyés",
                    "messages envoyés",
                    "éléments envoyés",
                    "enviados",
                    "elementos enviados",
                    "inviati",
                    "posta inviata",
                    "verzonden",
                    "verzonden items",
                    "sendt",
                    "skickat",
                    "отправленные",
                    "надіслані",
                    "已发送",
                    "已发送邮件",
                    "送信済み",
                    "送信済みメール",
                    "wysłane",
                    "gönderilmiş",
                ],
            ),
            (Role::Archive, &["archive", "archives", "archiv", "archivo", "archivio", "archief", "arkiv", "arquivo", "архив"]),
            (
                Role::Junk,
                &[
                    "junk",
                    "spam",
                    "junk e-mail",
                    "junk email",
                    "bulk mail",
                    "junk-e-mail",
                    "werbung",
                    "pourriel",
                    "indésirables",
                    "courrier indésirable",
                    "correo no deseado",
                    "posta indesiderata",
                    "ongewenste e-mail",
                    "skräppost",
                    "søppelpost",
                    "спам",
                    "垃圾邮件",
                    "迷惑メール",
                ],
            ),
            (
                Role::Trash,
                &[
                    "trash",
                    "deleted",
                    "deleted items",
                    "deleted messages",
                    "bin",
                    "papierkorb",
                    "gelöscht",
                    "gelöschte elemente",
                    "corbeille",
                    "éléments supprimés",
                    "papelera",
                    "elementos eliminados",
                    "cestino",
                    "prullenbak",
                    "verwijderde items",
                    "papirkurv",
                    "papperskorgen",
                    "lixeira",
                    "корзина",
                    "удаленные",
                    "кошик",
                    "已删除",
                    "已删除邮件",
                    "ゴミ箱",
                    "kosz",
                    "çöp kutusu",
                ],
            ),
        ];
        let name = name.to_lowercase();
        NAMES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(role, _)| *role)
    }
}

/// A mailbox as both faces show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Mailbox {
    /// Its id.
    pub id: MailboxId,
    /// The account it belongs to.
    pub account: AccountId,
    /// The whole path in UTF-8 with the server's own delimiter.
    pub path: String,
    /// The last part of the path: what a tree shows.
    pub name: String,
    /// The mailbox above it, where there is one.
    pub parent: Option<MailboxId>,
    /// The server's delimiter, one character, or empty.
    pub delimiter: String,
    /// What it is for.
    pub role: Option<Role>,
    /// Whether it can hold messages (`\Noselect` can't).
    pub selectable: bool,
    /// Whether the account is subscribed to it.
    pub subscribed: bool,
    /// Messages as shown here (wanted state applied).
    pub messages: u32,
    /// Unread ones among them.
    pub unread: u32,
    /// Messages deleted here that the server still has, marked `\\Deleted`: it can't remove single messages, and others' marked
    /// ones would go with them. Not shown, not counted above.
    pub held_back: u32,
    /// When an audit last compared every UID and flag with the server's, seconds since 1970.
    pub verified_at: Option<i64>,
    /// Differences that audits have found and mended.
    pub repaired: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_come_from_attributes_and_names() {
        assert_eq!(Role::from_attribute("\\Sent"), Some(Role::Sent));
        assert_eq!(Role::from_attribute("\\junk"), Some(Role::Junk));
        assert_eq!(Role::from_attribute("\\Inbox"), None, "a label called Inbox is not the inbox");
        assert_eq!(Role::from_attribute("\\HasNoChildren"), None);
        assert_eq!(Role::from_name("Papierkorb"), Some(Role::Trash));
        assert_eq!(Role::from_name("Éléments envoyés"), Some(Role::Sent));
        assert_eq!(Role::from_name("Invoices"), None);
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.word()), Some(role));
        }
    }
}
