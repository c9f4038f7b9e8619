//! What the rest of the mailbox is about: people, subjects and sentences, in a dozen languages. Words in braces are slots.

use super::letter::Charset;
use super::people::*;
use super::scenes::{Dress, Scene};

macro_rules! scene {
    ($folder:literal, [$($who:ident),*], $dress:expr, $charset:ident, [$($subject:literal),* $(,)?], [$($letter:literal),* $(,)?], [$($reply:literal),* $(,)?]) => {
        Scene { folder: $folder, who: &[$($who),*], subjects: &[$($subject),*], letters: &[$($letter),*], replies: &[$($reply),*], charset: Charset::$charset, dress: $dress }
    };
}

/// All scenes.
pub const SCENES: &[Scene] = &[
    scene!(
        "Boathouse",
        [JONAS, TUVA, HAVNEVIK],
        Dress::Plans,
        Utf8,
        [
            "Measurements for the {thing}",
            "The {thing} at {place}",
            "{thing}: a second look",
            "Before we order the {thing}",
            "{boat} comes out of the water on {day}",
            "What the surveyor said about the {thing}",
            "Old papers of {place}, 1954"
        ],
        [
            "Hi Marit,\n\nI measured the {thing} twice and got two answers, {n} mm apart. I trust the second one: by then the tide had turned and I had both hands free.\n\nThe drawing is attached. If it fits the {other}, we can start on {day}.",
            "Morning,\n\nthe {thing} is sound under the paint, which is more than I can say for the paint. At {place} they did theirs in larch and it has stood {n} years.\n\nShall I put it on the list?",
            "Hello,\n\nfound this in the shed, between two charts and a coffee pot. Somebody drew the {thing} in 1954 with a carpenter\u{2019}s pencil, and it is better than ours."
        ],
        [
            "Yes, let us do it so. I will be there on {day} at {hour}.",
            "Good. Then the {other} can wait, can\u{2019}t it?",
            "I had a look this morning. The {thing} needs {n} bolts, not {no}. I counted with my gloves on, so do check.",
            "Thank you! I have put it in the plan, in ink this time."
        ]
    ),
    scene!(
        "Clients/Havnevik Yard",
        [HAVNEVIK],
        Dress::Plans,
        Utf8,
        [
            "Delivery note {no}",
            "Quote for the {thing}",
            "{boat}: hours in week {n}",
            "Slot on the lift, {day} {hour}",
            "Offer {no}, second version"
        ],
        [
            "Dear Marit,\n\nhere is the quote for the {thing}. A hand winch would do, but in winter you will want the motor: nobody at {place} has ever regretted the motor.\n\nThe price holds until {day} in two weeks.",
            "Dear customer,\n\ndelivery note {no} is attached. {n} pieces, all counted by two people who agreed."
        ],
        [
            "Then the motor. Can it stand in salt spray without a hood?",
            "It can, but a hood costs less than a winter. I have added one.",
            "Agreed, please go ahead. Invoice to Priya as always."
        ]
    ),
    scene!(
        "Clients",
        [PRIYA, MARCIN, INES],
        Dress::Rich,
        Utf8,
        [
            "Question about invoice {no}",
            "{boat}: sails for next season",
            "Time sheet, week {n}",
            "A berth for {boat}?",
            "Przegląd silnika, {boat}",
            "Contract for {place}"
        ],
        [
            "Dear Marit,\n\ntwo small things about {no}: the date is last year\u{2019}s, and we seem to have paid for {n} litres of varnish. I would remember that much varnish.",
            "Hola Marit,\n\nthe sails for {boat} are cut. I kept the old reef points: they sit where the hands look for them in the dark.\n\nWe can send them on {day}.",
            "Dzień dobry,\n\nsilnik {boat} jest już po przeglądzie. Wymieniliśmy pasek i {n} śrub, reszta jest w lepszym stanie, niż myśleliśmy."
        ],
        [
            "Well spotted, it was my mistake. A new one is attached.",
            "That suits me. Shall we say {day}, {hour}?",
            "Thank you, that was quick.",
            "Świetnie, dziękuję! Przyjadę w piątek."
        ]
    ),
    scene!(
        "Family",
        [FATHER, LIV, SIGRID],
        Dress::Photos,
        Utf8,
        [
            "Photos from {day}",
            "Dinner on {day}?",
            "Father\u{2019}s chair",
            "The cat is back",
            "Who has the big pot?",
            "Cabin, the week after next",
            "Waffles 🧇 on {day}"
        ],
        [
            "Hei,\n\nhere are the photos. The one with Father asleep beside the {thing} is the best: print it large.\n\nCome on {day} if you like. There will be soup, and nobody will ask about the {other}.",
            "Dear you,\n\nthe cat came home after {n} days, fatter than before, and will not say where she was. 🐈",
            "I have the big pot. I have always had the big pot. Come and get it, and stay for coffee."
        ],
        [
            "I will bring the bread. ❤️",
            "{day} is good. {hour}?",
            "Ha! Give her a herring from me.",
            "We come all four, and the dog."
        ]
    ),
    scene!(
        "Choir",
        [SIGRID],
        Dress::Plain,
        Utf8,
        ["Choir on {day}", "Notes for the {n}th", "Who can sing second alto?", "Concert at {place}"],
        [
            "Dear all,\n\nwe meet on {day} at {hour}. Please look at bar {n} again, the one where the basses arrive before the rest of us.\n\nThere is cake.",
            "Dear all,\n\nthe concert at {place} is nearly sold out, which at {place} means {n} people. Wear something dark and a scarf."
        ],
        ["I will be there.", "I have a cold; I will come and turn pages.", "Lovely. Shall I bring the stands?"]
    ),
    scene!(
        "Travel",
        [FERRY, RAIL, LIV],
        Dress::Rich,
        Utf8,
        ["Your booking {no}", "Night train on {day}: changed platform", "Cabin {n}, outside", "Ferry to {place} at {hour}"],
        [
            "Thank you for travelling with us.\n\nBooking {no}: {place}, {day}, {hour}. Cabin {n}. Please be on the quay twenty minutes before; the ramp closes on time, the sea does not wait either.",
            "Your train on {day} leaves from platform {n}. Berths are made up from 22:00. Breakfast is what you bring."
        ],
        []
    ),
    scene!(
        "Receipts",
        [SHOP, ROPEWALK, NORDBANK],
        Dress::Receipt,
        Utf8,
        ["Receipt {no}", "Your order {no} is on its way", "Thank you for your order"],
        ["Thank you for your order {no}.\n\nIt leaves us on {day}. The rope is cut to length and whipped at both ends."],
        []
    ),
    scene!(
        "Newsletters",
        [TIDELINE],
        Dress::Newsletter("THE TIDELINE", "#0A5D65"),
        Utf8,
        [
            "What the tide brought to {place}",
            "A lighthouse for sale",
            "Knots your grandmother knew",
            "The smallest museum on the coast",
            "{n} words for fog",
            "Who paints the {thing} red?",
            "Letters from {place}"
        ],
        [
            "At {place} the tide has two voices, and the people who live there set their clocks by the second one. We spent {n} days listening.\n\nBy the time we left we could tell a good day from a bad one before the kettle boiled.\n\nAlso: readers write about the {thing} they will not throw away."
        ],
        []
    ),
    scene!(
        "Newsletters",
        [GRAIN],
        Dress::Newsletter("GRAIN & GLUE", "#7A4A1E"),
        Utf8,
        [
            "Sharpening, again",
            "Steam, {n} minutes to the inch",
            "Larch or oak for the {thing}?",
            "A bench that folds away",
            "Joints that forgive"
        ],
        [
            "A plank wants to be bent while it still believes it is a tree. This week: steam boxes made from drainpipe, and what went wrong with ours after {n} minutes.\n\nA reader from {place} sends a jig for the {thing} that costs nothing and works every time."
        ],
        []
    ),
    scene!(
        "Boathouse",
        [ANNELIESE],
        Dress::Plain,
        Latin1,
        ["Angebot {no}: Lärche, 50 mm", "Lieferung am Freitag", "Rückfrage zu Auftrag {no}", "Trockenes Holz für den Winter"],
        [
            "Guten Tag Frau Solheim,\n\nanbei das Angebot {no}. Die Bohlen sind {n} Monate getrocknet und liegen unter Dach. Wenn Sie möchten, legen wir die schönsten für Sie zurück.\n\nMit freundlichen Grüßen",
            "Liebe Marit,\n\nder Lastwagen kommt am Freitag gegen {hour} Uhr. Der Fahrer heißt Jürgen und trinkt seinen Kaffee schwarz."
        ],
        [
            "Vielen Dank, das passt sehr gut.",
            "Bitte zurücklegen! Ich melde mich bis Montag.",
            "Schöne Grüße, und danke für die schnelle Antwort."
        ]
    ),
    scene!(
        "Boathouse",
        [LUC],
        Dress::Photos,
        Utf8,
        ["Photos du chantier, semaine {n}", "Treuil (winch) : fiche technique", "Le bois est arrivé", "Petit retard à {place}"],
        [
            "Bonjour Marit,\n\nle bois est arrivé hier, sec et droit comme promis. Nous avons commencé par le côté nord\u{a0}; à midi il ne restait que {n} planches.\n\nJe t\u{2019}envoie les photos."
        ],
        ["Magnifique, merci\u{a0}!", "Parfait. Je passe mardi avec du café.", "Et la porte\u{a0}? Elle ferme\u{a0}?"]
    ),
    scene!(
        "Clients",
        [OLEKSANDR],
        Dress::Plain,
        Cyrillic,
        ["Переклад, частина {n}", "Питання про слово на сторінці {n}", "Рахунок {no}"],
        [
            "Добрий день, Маріт!\n\nНадсилаю частину {n}. Про човни перекладати легко, про вузли важче: кожен рибалка називає їх по-своєму.\n\nГарного вам дня."
        ],
        ["Дякую! Читаю сьогодні ввечері.", "Чудово, усе зрозуміло."]
    ),
    scene!(
        "Boathouse",
        [OMAR],
        Dress::Plain,
        Utf8Base64,
        ["عرض سعر الأخشاب رقم {no}", "الشحنة في الطريق", "سؤال عن مقاس الألواح"],
        [
            "السلام عليكم ماريت،\n\nالألواح جاهزة، عددها {n}، وكلها من الأرز الجاف. سأرسل صور الشحنة غداً إن شاء الله.",
            "مرحباً،\n\nهل المقاس 45 ملم مناسب للمنزلق؟ لدينا كمية جيدة منه في المخزن."
        ],
        ["شكراً جزيلاً، هذا ممتاز.", "نعم، المقاس مناسب تماماً."]
    ),
    scene!(
        "Family",
        [NOA],
        Dress::Photos,
        Utf8Base64,
        ["תמונות מהמספנה", "מתי את באה?", "הדפסים מוכנים ({n})"],
        [
            "שלום מרית,\n\nההדפסים מוכנים, {n} במספר. האור בבוקר מעל המים יצא יפה מכל מה שראיתי השנה.",
            "היי,\n\nמתי את באה לבקר? החדר על הגג מחכה לך."
        ],
        ["תודה רבה! מקסים.", "באביב, אני מקווה."]
    ),
    scene!(
        "日本 2027",
        [YUMI],
        Dress::Plain,
        Utf8Base64,
        ["図面の確認をお願いします（第{n}版）", "和船の展示会について", "宿のご予約の件", "来年の旅程"],
        [
            "マリットさん、こんにちは。\n\n図面の第{n}版をお送りします。櫓の長さを少し変えましたので、ご確認ください。\n\n港の桜はまだ先ですが、海はもう春の色です。",
            "お世話になっております。\n\n宿は海の見える部屋を{n}泊お取りしました。朝は市場へご案内します。"
        ],
        ["ありがとうございます。楽しみにしています。", "確認しました。問題ありません。"]
    ),
    scene!(
        "日本 2027",
        [WEN],
        Dress::Plain,
        Utf8Base64,
        ["关于木船展览的安排", "第{n}号图纸已收到"],
        ["玛丽特你好：\n\n第{n}号图纸已经收到，船底的弧线画得很漂亮。我们计划下个月开始备料。\n\n祝好"],
        ["谢谢，期待看到照片。", "太好了，辛苦了！"]
    ),
    scene!(
        "Travel",
        [ELENI, ANONG],
        Dress::Plain,
        EightBit,
        ["Το πλοίο φεύγει στις {hour}", "ห้องพักริมน้ำ {n} คืน", "Ένα μικρό δώρο από τη Σύρο"],
        [
            "Γεια σου Μαρίτ,\n\nτο πλοίο φεύγει στις {hour}. Κράτησα δύο θέσεις στο κατάστρωμα, εκεί που φυσάει λιγότερο.",
            "สวัสดีค่ะคุณมาริต\n\nห้องพักริมน้ำพร้อมแล้ว {n} คืน ตอนเช้าจะมีเรือไปตลาด แล้วพบกันนะคะ"
        ],
        ["Ευχαριστώ πολύ!", "ขอบคุณมากค่ะ"]
    ),
    scene!(
        "Junk",
        [PRIZE, PARCEL],
        Dress::Rich,
        Utf8,
        ["YOU HAVE BEEN SELECTED ({no})", "Your parcel is waiting, last notice", "Final reminder No. {no}"],
        [
            "Dear lucky one,\n\nyour address was drawn out of {no} others. To receive what is yours, answer within {n} hours and do not tell anyone.",
            "Your parcel could not be delivered. A small fee of {n} is all that stands between you and it."
        ],
        []
    ),
];
