//! The newest mail, written by hand: what a person sees first, in the demo and in pictures.

use super::files::{pdf, picture};
use super::letter::{Charset, Letter};
use super::people::*;
use super::{SHOWN, Stored, pages};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// How a letter lies there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Read,
    Unread,
    UnreadStarred,
    Starred,
    Draft,
}

use Mark::{Draft, Read, Starred, Unread, UnreadStarred};

/// Each with its folder.
pub fn letters(now: i64) -> Vec<(&'static str, Stored)> {
    let mut out = Vec::new();
    let mut put = |folder: &'static str, mark: Mark, letter: &Letter| {
        out.push((
            folder,
            Stored {
                raw: letter.raw(),
                date: letter.date,
                seen: !matches!(mark, Unread | UnreadStarred),
                flagged: matches!(mark, Starred | UnreadStarred),
                answered: false,
                draft: mark == Draft,
            },
        ));
    };
    for (folder, mark, letter) in boathouse(now).into_iter().chain(today(now)).chain(this_week(now)).chain(drafts(now)) {
        put(folder, mark, &letter);
    }
    out
}

type Placed = (&'static str, Mark, Letter);

/// The conversation that the demo opens.
fn boathouse(now: i64) -> Vec<Placed> {
    let mut first = Letter::new(
        MARIT,
        JONAS,
        SHOWN,
        now - 4 * DAY,
        "front.slipway.1",
        "Hi Jonas,\n\nHere are the drawings with Thursday\u{2019}s measurements. Sheet 3 is the one to check: I am not sure about the winch.\n\nMarit",
    );
    first.cc = vec![SIGRID];
    first.files = vec![pdf("Slipway rev B.pdf", "Slipway, rev B")];
    let mut second = Letter::new(
        JONAS,
        MARIT,
        SHOWN,
        now - 3 * DAY,
        "front.slipway.2",
        "Thanks, I have them. I will go through the rails with Havnevik tomorrow.\n\nJonas",
    );
    second.answers(&first);
    second.subject = SHOWN.into();
    let text = "Hi Marit,\n\nThe rail spacing works. One change on sheet 3: the winch sits 40\u{a0}cm further back, so the cable clears the door when the cradle is all the way up.\n\nIf the council keeps its date, we pour the footing on the 24th. Could you look at the two open points before Monday?\n\n- Gradient of the lower third: 1:12 or 1:14\n- Bronze or stainless for the keel rollers\n\nJonas Lindqvist\nLindqvist & Dahl, naval carpentry";
    let mut third = Letter::new(JONAS, MARIT, SHOWN, now - 22 * MINUTE, "front.slipway.3", text);
    third.cc = vec![SIGRID];
    third.html = Some("<html><body><p>Hi Marit,</p><p>The rail spacing works. One change on sheet 3: the winch sits 40&nbsp;cm further back, so the cable clears the door when the cradle is all the way up.</p><p>If the council keeps its date, we pour the footing on the 24th. Could you look at the two open points before Monday?</p><ul><li>Gradient of the lower third: 1:12 or 1:14</li><li>Bronze or stainless for the keel rollers</li></ul><p style=\"color:#55646B;font-size:13px\">Jonas Lindqvist<br>Lindqvist &amp; Dahl, naval carpentry<br><img src=\"https://lindqvist-dahl.example/mark.png\" width=\"120\" height=\"32\" alt=\"Lindqvist and Dahl\"></p></body></html>".into());
    third.references = vec![first.id.clone(), second.id.clone()];
    third.files = vec![pdf("Slipway rev C.pdf", "Slipway, rev C"), picture("Winch, seen from the door.png", 1)];
    vec![("Sent", Read, first), ("Boathouse", Read, second), ("INBOX", Read, third)]
}

fn today(now: i64) -> Vec<Placed> {
    let mut timber = Letter::new(
        OMAR,
        MARIT,
        "موعد تسليم الأخشاب يوم الأحد",
        now - 50 * MINUTE,
        "front.timber",
        "مرحباً ماريت،\n\nالشحنة جاهزة وسنصل إلى الرصيف صباح الأحد قبل المد. ألواح الأرز كلها من المقاس الذي طلبتِه، وأضفتُ لوحين احتياطاً.\n\nهل يمكن أن ينتظرنا أحد عند البوابة الساعة السابعة؟\n\nمع التحية،\nعمر",
    );
    timber.charset = Charset::Utf8Base64;
    let mut tideline = Letter::new(
        TIDELINE,
        MARIT,
        "Eleven days without landing",
        now - 95 * MINUTE,
        "front.tideline",
        "Issue 48: a satellite tag, a headwind over the Coral Sea, and what a bird weighs when it arrives.\n\nShe left the mudflats of Alaska on a Tuesday evening with the wind behind her. Eleven days later she came down on a Tasmanian beach at half her weight, and walked straight to the water\u{2019}s edge to feed. In between she had not once touched ground.\n\nWe asked the people who followed her what they looked at first each morning. All of them said: the wind.\n\nAlso in this issue: a lighthouse that is for sale, and why nobody buys it; knots your grandmother knew; and the smallest museum on the coast, open when the door is.",
    );
    pages::newsletter(&mut tideline, "Eleven days without landing", "THE TIDELINE \u{b7} ISSUE 48", "#0A5D65", 2);
    let mut invoice = Letter::new(
        PRIYA,
        MARIT,
        "Invoice 2026-118 and a question about VAT",
        now - 2 * HOUR,
        "front.invoice",
        "Dear Marit,\n\nAttached is the invoice for October. Could you confirm that the reverse charge applies here? The yard is registered in Sweden, the work was done in Norway, and the form has room for only one of the two.\n\nNo hurry before Wednesday.\n\nBest,\nPriya",
    );
    pages::rich(&mut invoice);
    invoice.files = vec![pdf("Invoice 2026-118.pdf", "Invoice 2026-118")];
    let mut eleni = Letter::new(
        ELENI,
        MARIT,
        "Η προπέλα έφτασε στον Πειραιά",
        now - 3 * HOUR,
        "front.eleni",
        "Καλημέρα Μαρίτ,\n\nΗ προπέλα έφτασε χθες στον Πειραιά και φεύγει για τη Μπέργκεν την Πέμπτη. Σου στέλνω τον αριθμό της αποστολής μόλις τον έχω.\n\nΧαιρετισμούς από τον ήλιο,\nΕλένη",
    );
    eleni.charset = Charset::EightBit;
    vec![("INBOX", Unread, timber), ("INBOX", Unread, tideline), ("INBOX", UnreadStarred, invoice), ("INBOX", Read, eleni)]
}

fn this_week(now: i64) -> Vec<Placed> {
    let ago = |days: i64, hours: i64| now - days * DAY - hours * HOUR;
    let mut larch = Letter::new(
        ANNELIESE,
        MARIT,
        "Rückfrage zum Angebot vom 12. November",
        ago(1, 1),
        "front.larch",
        "Guten Morgen,\n\ndie Lieferzeit für die Lärchenbohlen beträgt derzeit sechs Wochen. Wenn Ihnen 45 statt 50 mm genügen, könnten wir schon nächste Woche liefern: Davon liegt noch ein ganzer Stapel trocken im Schuppen.\n\nHerzliche Grüße aus Flensburg\nAnneliese Krüger",
    );
    larch.charset = Charset::Latin1;
    let mut meeting = Letter::new(
        YUMI,
        MARIT,
        "来週の打ち合わせの日程について",
        ago(1, 3),
        "front.yumi",
        "お世話になっております。田中です。\n\n来週の打ち合わせですが、火曜日の午後三時（そちらの朝七時）はいかがでしょうか。船大工の佐藤さんも参加できるとのことです。\n\n図面は前日までにお送りいたします。よろしくお願いいたします。\n\n田中 由美\n港工房",
    );
    meeting.charset = Charset::Utf8Base64;
    let mut minutes = Letter::new(
        COUNCIL,
        MARIT,
        "Minutes of the meeting on 13 November",
        ago(1, 5),
        "front.minutes",
        "Dear applicants,\n\nplease find the minutes attached. Item 4: the permit for the slipway at Nordnes was granted with two conditions. The rails must not stand above the quay at low water, and the boathouse keeps its red.\n\nFor the Harbour Council,\nthe secretary",
    );
    minutes.files = vec![pdf("Minutes 13 November.pdf", "Harbour Council, 13 November")];
    let mut catalogue = Letter::new(
        OLEKSANDR,
        MARIT,
        "Переклад каталогу готовий",
        ago(2, 1),
        "front.catalogue",
        "Добрий день!\n\nНадсилаю остаточну версію, двадцять чотири сторінки. На сторінці дев’ять я лишив одне слово норвезькою: кращого для цього вузла в нас немає.\n\nБуду радий почути вашу думку.\n\nОлександр",
    );
    catalogue.charset = Charset::Cyrillic;
    catalogue.subject = "Переклад каталогу готовий".into();
    catalogue.files = vec![pdf("Каталог, переклад.pdf", "Catalogue")];
    let mut photos = Letter::new(
        LUC,
        MARIT,
        "Photos du chantier, semaine 46",
        ago(2, 4),
        "front.photos",
        "Bonjour Marit,\n\nvoici douze photos, enfin trois pour commencer\u{a0}: la connexion du chantier fait ce qu\u{2019}elle peut. La charpente est posée, et la pluie a attendu que nous ayons fini.\n\nÀ lundi,\nLuc",
    );
    photos.files = vec![picture("charpente 1.png", 0), picture("charpente 2.png", 1), picture("charpente, le soir.png", 2)];
    let mut bank = Letter::new(
        NORDBANK,
        MARIT,
        "Your statement for October is ready",
        ago(3, 2),
        "front.bank",
        "Your statement for October is ready.\n\nSign in to read it. We never ask for your password by mail.",
    );
    bank.fields.push(("Auto-Submitted", "auto-generated".into()));
    let choir = Letter::new(
        SIGRID,
        MARIT,
        "Choir on Thursday moved to 19:30",
        ago(4, 2),
        "front.choir",
        "Dear all,\n\nthe church is booked until seven, so we start half an hour later. Bring the Grieg and something warm: the heating and the sexton do not agree again.\n\nSigrid",
    );
    let noa = Letter::new(
        NOA,
        MARIT,
        "תמונות מהמספנה",
        ago(2, 7),
        "front.noa",
        "שלום מרית,\n\nמצורפות התמונות מיום שלישי. האור היה בדיוק כמו שקיווינו, רגע לפני הגשם.\n\nנועה",
    );
    let keys = Letter::new(
        TUVA,
        MARIT,
        "Keys for the upper shed",
        ago(4, 6),
        "front.keys",
        "The keys hang where they always hung, behind the tide table. The small one sticks: lift the door a little while you turn it.\n\nTuva 🔑⚓️",
    );
    vec![
        ("INBOX", Unread, larch),
        ("INBOX", Unread, meeting),
        ("INBOX", Read, minutes),
        ("INBOX", Read, catalogue),
        ("INBOX", Read, photos),
        ("INBOX", Read, noa),
        ("INBOX", Unread, bank),
        ("INBOX", Starred, choir),
        ("INBOX", Read, keys),
    ]
}

fn drafts(now: i64) -> Vec<Placed> {
    let luc = Letter::new(
        MARIT,
        LUC,
        "Re: Photos du chantier, semaine 46",
        now - 5 * HOUR,
        "front.draft.1",
        "Merci Luc, je regarde ce soir et",
    );
    let council = Letter::new(
        MARIT,
        COUNCIL,
        "Permit for the slipway: the second condition",
        now - 26 * HOUR,
        "front.draft.2",
        "Dear Harbour Council,\n\nthank you for the minutes. About the red:",
    );
    vec![("Drafts", Draft, luc), ("Drafts", Draft, council)]
}
