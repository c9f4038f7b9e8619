//! Finding by role and accessible name: one script proposes candidates from markup, the driver's own computed role and
//! name decide. The script guesses generously; it never decides.

use super::{ELEMENT, Element, Window};
use anyhow::{Context, Result};
use serde_json::json;

/// What a name must be like.
#[derive(Clone, Copy, Debug)]
pub enum Name<'a> {
    /// Exactly this.
    Is(&'a str),
    /// This somewhere in it.
    Has(&'a str),
    /// Anything.
    Any,
}

impl Name<'_> {
    fn fits(self, role: &str, label: &str) -> bool {
        match self {
            // A label around a select has the chosen option in its text.
            Name::Is(name) if role == "combobox" => {
                label.trim().strip_prefix(name).is_some_and(|r| r.is_empty() || r.starts_with(' '))
            }
            Name::Is(name) => label.trim() == name,
            Name::Has(part) => label.contains(part),
            Name::Any => true,
        }
    }

    fn text(self) -> Option<String> {
        match self {
            Name::Is(text) | Name::Has(text) => Some(text.to_owned()),
            Name::Any => None,
        }
    }
}

impl<'a> From<&'a str> for Name<'a> {
    fn from(name: &'a str) -> Self {
        Name::Is(name)
    }
}

const CANDIDATES: &str = r#"
const [role, name, limit] = arguments;
const native = {
  button: 'button,input[type=button],input[type=submit],summary', heading: 'h1,h2,h3,h4,h5,h6', link: 'a[href]',
  textbox: 'input:not([type]),input[type=text],input[type=email],input[type=url],input[type=tel],input[type=number],textarea,[contenteditable=true],[contenteditable=""]',
  password: 'input[type=password]', searchbox: 'input[type=search]', checkbox: 'input[type=checkbox]',
  combobox: 'select', region: 'section', iframe: 'iframe', status: 'output', dialog: 'dialog', list: 'ul,ol', listitem: 'li', img: 'img',
  navigation: 'nav', main: 'main', option: 'option', radio: 'input[type=radio]', form: 'form', paragraph: 'p',
};
const selector = [`[role~="${role}"]`, native[role]].filter(Boolean).join(',');
const squash = (text) => (text || '').replace(/\s+/g, ' ').trim();
const guess = (e) => {
  const by = (e.getAttribute('aria-labelledby') || '').split(/\s+/).filter(Boolean);
  const labels = [...by.map((id) => document.getElementById(id)?.textContent), e.getAttribute('aria-label'), e.getAttribute('title'),
    e.getAttribute('alt'), e.getAttribute('placeholder'), e.value, ...[...(e.labels || [])].map((l) => l.textContent), e.textContent];
  return squash(labels.join(' '));
};
const shown = [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility ? e.checkVisibility({ visibilityProperty: true }) : true);
if (name === null) return shown.slice(0, limit);
const bare = name.replace(/\s+/g, '');
const likely = shown.filter((e) => guess(e).replace(/\s+/g, '').includes(bare));
return (likely.length ? likely : shown).slice(0, limit);
"#;

impl Window {
    /// All that have this role and name now, in document order.
    pub fn all<'a>(&self, role: &str, name: impl Into<Name<'a>>) -> Result<Vec<Element>> {
        let name = name.into();
        let found = self.script(CANDIDATES, json!([role, name.text(), 60]))?;
        let candidates = found.as_array().context("the driver sent no list")?;
        let mut fitting = Vec::new();
        for candidate in candidates {
            let element = Element { id: candidate[ELEMENT].as_str().context("the driver sent no element")?.to_owned() };
            if self.has_role(&element, role)? && (matches!(name, Name::Any) || name.fits(role, &self.label(&element)?)) {
                fitting.push(element);
            }
        }
        Ok(fitting)
    }

    fn has_role(&self, element: &Element, role: &str) -> Result<bool> {
        Ok(match role {
            // No roles of their own in WebKit's eyes; the markup that proposed them says what they are.
            "iframe" | "password" => true,
            // WebKit calls a closed native select a button; only a select or role=combobox was proposed.
            "combobox" => ["combobox", "button"].contains(&self.role(element)?.as_str()),
            _ => self.role(element)?.eq_ignore_ascii_case(role),
        })
    }

    /// The first of this role and name, waited for.
    pub fn find<'a>(&self, role: &str, name: impl Into<Name<'a>>) -> Result<Element> {
        let name = name.into();
        self.wait(&format!("{role} {name:?}"), || Ok(self.all(role, name)?.into_iter().next()))
    }

    /// Waits until nothing of this role and name is there.
    pub fn gone<'a>(&self, role: &str, name: impl Into<Name<'a>>) -> Result<()> {
        let name = name.into();
        self.wait(&format!("no more {role} {name:?}"), || Ok(self.all(role, name)?.is_empty().then_some(())))
    }

    /// Finds and clicks, again if it moved in between.
    pub fn press_on<'a>(&self, role: &str, name: impl Into<Name<'a>>) -> Result<()> {
        let name = name.into();
        self.wait(&format!("click on {role} {name:?}"), || {
            let Some(element) = self.all(role, name)?.into_iter().next() else { return Ok(None) };
            self.click(&element).map(Some)
        })
    }

    /// Finds a field, empties it and types into it.
    pub fn fill<'a>(&self, role: &str, name: impl Into<Name<'a>>, text: &str) -> Result<()> {
        let field = self.find(role, name)?;
        self.clear(&field)?;
        self.type_into(&field, text)
    }
}
