// What the sample messages say. Written for this project; all names and domains are invented.

type Person = [name: string, address: string];

export interface Sample {
  from: Person;
  subject: string;
  preview: string;
  /** Minutes before 09:42 today. */
  ago: number;
  mailbox?: number;
  unread?: boolean;
  starred?: boolean;
  alsoTo?: Person[];
  files?: [name: string, type: string, size: number, danger?: string][];
  remote?: number;
  trackers?: number;
  verdict?: "confirmed" | "unknown" | "careful" | "forged";
  reasons?: string[];
  html?: string;
  earlier?: { from: Person; preview: string }[];
}

const jonas: Person = ["Jonas Lindqvist", "jonas@lindqvist-dahl.example"];
const marit: Person = ["Marit Solheim", "marit@fjordlys.example"];
const luc: Person = ["Luc Moreau", "luc@atelier-moreau.example"];
const DAY = 1440;

export const lead: Sample[] = [
  {
    from: jonas,
    subject: "Slipway drawings for the boathouse",
    preview:
      "The rail spacing works. One change on sheet 3: the winch sits 40 cm further back, so the cable clears the door.",
    ago: 0,
    alsoTo: [["Sigrid Vik", "sigrid@vik.example"]],
    files: [
      ["Slipway rev C.pdf", "application/pdf", 2_516_582],
      ["Winch, seen from the door.jpg", "image/jpeg", 1_153_433],
    ],
    remote: 2,
    verdict: "confirmed",
    reasons: ["Confirmed: sent by lindqvist-dahl.example. In touch since 2019."],
    earlier: [
      { from: marit, preview: "Here are the drawings with Thursday’s measurements. Sheet 3 is the one to check." },
      { from: jonas, preview: "Thanks, I have them. I will go through the rails with Havnevik tomorrow." },
    ],
    html: `<p>Hi Marit,</p><p>The rail spacing works. One change on sheet 3: the winch sits 40&nbsp;cm further back, so that the cable clears the door when the cradle is all the way up.</p><p>If the council keeps its date, we pour the footing on the 24th. Could you look at the two open points before Monday?</p><ul><li>Gradient of the lower third: 1:12 or 1:14</li><li>Bronze or stainless for the keel rollers</li></ul><p class="sig">Jonas Lindqvist<br>Lindqvist &amp; Dahl, naval carpentry</p>`,
  },
  {
    from: ["عمر الحداد", "omar@alhaddad.example"],
    subject: "موعد تسليم الأخشاب يوم الأحد",
    preview: "مرحباً ماريت، الشحنة جاهزة وسنصل إلى الرصيف صباح الأحد.",
    ago: 27,
    unread: true,
  },
  {
    from: ["The Tideline", "letters@tideline.example"],
    subject: "Eleven days without landing",
    preview: "Issue 48: a satellite tag, a headwind over the Coral Sea, and what a bird weighs when it arrives.",
    ago: 72,
    unread: true,
    remote: 5,
    trackers: 1,
    verdict: "confirmed",
    reasons: ["Confirmed: sent by tideline.example."],
    html: `<p style="letter-spacing:.12em;color:#55646B;font-size:13px">THE TIDELINE, ISSUE 48</p><h1>Eleven days without landing</h1><p>On 13 October a bird of 480 grams left the mudflats of the Kuskokwim and flew south. It did not stop. The tag on its back counted 13,560 kilometres before it touched the beach at Ansons Bay.</p><p>It had burnt half of its weight. <a href="#0">The track, day by day</a></p>`,
  },
  {
    from: ["Priya Raman", "priya@raman-tax.example"],
    subject: "Invoice 2026-118 and a question about VAT",
    preview: "Attached is the invoice for October. Could you confirm that the reverse charge applies here?",
    ago: 100,
    unread: true,
    starred: true,
    files: [["Invoice 2026-118.pdf", "application/pdf", 184_320]],
    verdict: "confirmed",
    reasons: ["Confirmed: sent by raman-tax.example. In touch since 2024."],
  },
  {
    from: ["Anneliese Krüger", "a.krueger@holzhandel-krueger.example"],
    subject: "Rückfrage zum Angebot vom 12. November",
    preview: "Guten Morgen, die Lieferzeit für die Lärchenbohlen beträgt derzeit sechs Wochen.",
    ago: DAY,
    earlier: [{ from: marit, preview: "Liebe Frau Krüger, könnten Sie mir ein Angebot für 40 Bohlen schicken?" }],
  },
  {
    from: ["田中 由美", "yumi@tanaka.example"],
    subject: "来週の打ち合わせの日程について",
    preview: "お世話になっております。火曜日の午後三時はいかがでしょうか。",
    ago: DAY + 90,
    unread: true,
  },
  {
    from: ["Harbour Council", "post@nordnes.example"],
    subject: "Minutes of the meeting on 13 November",
    preview: "Item 4: the permit for the slipway at Nordnes was granted with two conditions.",
    ago: DAY + 210,
    files: [
      ["Minutes 13 November.pdf", "application/pdf", 98_304],
      ["Map.png", "image/png", 412_000],
    ],
  },
  {
    from: ["Олександр Бондар", "o.bondar@pereklad.example"],
    subject: "Переклад каталогу готовий",
    preview: "Добрий день! Надсилаю остаточну версію, двадцять чотири сторінки з виправленнями.",
    ago: 2 * DAY,
    files: [["Каталог.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", 720_000]],
  },
  {
    from: luc,
    subject: "Photos du chantier, semaine 46",
    preview: "Bonjour Marit, voici douze photos. La charpente est posée.",
    ago: 2 * DAY + 60,
    files: [["photos.zip", "application/zip", 18_400_000]],
    earlier: [
      { from: marit, preview: "Bonjour Luc, avez-vous des photos de la charpente ?" },
      { from: luc, preview: "Oui, je les prends demain matin avec la bonne lumière." },
      { from: marit, preview: "Parfait, merci." },
      { from: luc, preview: "Il pleut. Vendredi, alors." },
    ],
  },
  {
    from: ["Nordbank", "service@nordbank.example"],
    subject: "Your statement for October is ready",
    preview: "Sign in to read it. We never ask for your password by mail.",
    ago: 3 * DAY,
    verdict: "careful",
    reasons: ["Answers go elsewhere: reply@collect.example."],
  },
  {
    from: ["Sigrid Vik", "sigrid@vik.example"],
    subject: "Choir on Thursday moved to 19:30",
    preview: "The hall has a concert before us. Same programme, bring the Grieg.",
    ago: 4 * DAY,
    starred: true,
  },
  {
    from: ["Tuva Berg", "tuva@berg.example"],
    subject: "Keys for the upper shed",
    preview: "They hang behind the blue door. The padlock needs a little oil.",
    ago: 4 * DAY + 30,
  },
  {
    from: ["Havnevik Yard", "office@havnevik.example"],
    subject: "Delivery note 4471",
    preview: "Four pallets larch, 52 mm, delivered to the lower gate.",
    ago: 5 * DAY,
    files: [["Delivery note 4471.pdf", "application/pdf", 61_440]],
  },
  {
    from: ["Ingrid Aas", "ingrid@aas.example"],
    subject: "Sunday dinner",
    preview: "We are nine if Per brings the twins. Can you take the cake?",
    ago: 130,
    mailbox: 21,
    unread: true,
  },
  {
    from: ["Fjord Ferries", "noreply@fjordferries.example"],
    subject: "Your booking FF-20931",
    preview: "Boarding opens 30 minutes before departure. Show this mail at the gate.",
    ago: 400,
    mailbox: 21,
    unread: true,
    remote: 3,
    trackers: 1,
  },
  {
    from: ["דנה לוי", "dana@levi.example"],
    subject: "תמונות מהטיול",
    preview: "שלום מארית, צירפתי את התמונות מהטיול בצפון.",
    ago: DAY + 400,
    mailbox: 21,
    unread: true,
    files: [["טיול.jpg", "image/jpeg", 900_000]],
  },
  {
    from: ["Security desk", "alert@nordbank-safe.example"],
    subject: "Your account is locked",
    preview: "Confirm your password within 24 hours to keep your access.",
    ago: 500,
    mailbox: 5,
    unread: true,
    verdict: "forged",
    reasons: ["Not from nordbank.example. The domain says that this mail is forged."],
    files: [
      ["invoice.pdf.exe", "application/octet-stream", 220_000, "“invoice.pdf.exe” is a program, not a document."],
    ],
  },
  { from: luc, subject: "Photos du chantier", preview: "Merci Luc, je regarde ce soir et", ago: 300, mailbox: 2 },
  {
    from: ["Havnevik Yard", "office@havnevik.example"],
    subject: "Rollers, second order",
    preview: "Two more of the bronze ones, if",
    ago: 3000,
    mailbox: 2,
  },
  {
    from: ["Boats list", "boats@lists.example"],
    subject: "[boats] Larch or oak for the cradle?",
    preview: "We rebuilt ours in larch in 2011 and it is still sound, but the tide reaches it only in spring.",
    ago: 600,
    mailbox: 7,
    unread: true,
    verdict: "unknown",
    reasons: ["Through the list boats@lists.example, written by Tuva Berg."],
  },
  {
    from: ["Per Aas", "per@aas.example"],
    subject: "Winch: second-hand offer",
    preview: "There is a hand winch in Os, two tonnes, for a price I can’t quite believe.",
    ago: 900,
    mailbox: 7,
    unread: true,
  },
  {
    from: ["Ewa Kowalczyk", "ewa@stocznia.example"],
    subject: "Zdjęcia i wymiary pochylni",
    preview: "Cześć! W załączniku wymiary naszej pochylni, może się przydadzą.",
    ago: 1300,
    mailbox: 7,
    unread: true,
  },
];

export const fillers: Omit<Sample, "ago">[] = [
  {
    from: ["Tuva Berg", "tuva@berg.example"],
    subject: "Rowing on Saturday",
    preview: "Weather looks kind. Shall we take the big boat and start at nine?",
  },
  {
    from: ["Havnevik Yard", "office@havnevik.example"],
    subject: "Offer 2210, keel rollers",
    preview: "Bronze, set of six, six weeks. Stainless would be in stock.",
    files: [["Offer 2210.pdf", "application/pdf", 71_000]],
  },
  {
    from: ["Sigrid Vik", "sigrid@vik.example"],
    subject: "Re: Choir on Thursday",
    preview: "Yes, the alto parts are in the folder. See you there.",
  },
  {
    from: ["Register of Boats", "no-reply@register.example"],
    subject: "Renewal of LH-4471",
    preview: "Your entry runs until 31 December. Renew it online or by post.",
  },
  {
    from: ["Anneliese Krüger", "a.krueger@holzhandel-krueger.example"],
    subject: "Auftragsbestätigung 88410",
    preview: "Vielen Dank für Ihren Auftrag. Die Ware geht am Montag auf den Weg.",
    files: [["AB-88410.pdf", "application/pdf", 55_000]],
  },
  {
    from: ["Luc Moreau", "luc@atelier-moreau.example"],
    subject: "Devis pour la menuiserie",
    preview: "Vous trouverez ci-joint le devis révisé, hors pose.",
  },
  {
    from: ["The Tideline", "letters@tideline.example"],
    subject: "The mud that feeds a continent",
    preview: "Issue 47: what lives in a square metre of flat, and who comes to eat it.",
    remote: 4,
    trackers: 1,
  },
  {
    from: ["鈴木 健", "ken@suzuki.example"],
    subject: "資料の送付",
    preview: "先日の資料をお送りします。ご確認ください。",
    files: [["資料.pdf", "application/pdf", 1_200_000]],
  },
  {
    from: ["Ελένη Παππά", "eleni@pappa.example"],
    subject: "Το πρόγραμμα του ταξιδιού",
    preview: "Καλημέρα! Σου στέλνω το τελικό πρόγραμμα με τις ώρες των πλοίων.",
  },
  {
    from: ["김민준", "minjun@kim.example"],
    subject: "다음 주 회의",
    preview: "안녕하세요, 다음 주 수요일 회의 시간을 확인 부탁드립니다.",
  },
  {
    from: ["Ana Souza", "ana@souza.example"],
    subject: "Fotos da oficina",
    preview: "Oi Marit! A oficina ficou pronta, olha só que luz.",
  },
  {
    from: ["Nordbank", "service@nordbank.example"],
    subject: "A payment was made",
    preview: "NOK 4,210.00 to Havnevik Yard. If this was not you, call us.",
  },
  { from: ["ঋতু সেন", "ritu@sen.example"], subject: "নতুন নকশা", preview: "নমস্কার, নতুন নকশাটি সংযুক্ত করা হল।" },
  {
    from: ["Harbour Council", "post@nordnes.example"],
    subject: "Dredging, weeks 12 to 14",
    preview: "The inner basin is closed to traffic on weekdays between 8 and 16.",
  },
  {
    from: ["Per Aas", "per@aas.example"],
    subject: "Re: Winch",
    preview: "He says yes to the price. I can pick it up with the trailer on Friday.",
  },
  {
    from: ["Zoë van den Heuvel", "zoe@heuvel.example"],
    subject: "Planken voor de steiger",
    preview: "Hoi Marit, ik heb nog twaalf planken over. Interesse?",
  },
  {
    from: ["Mehmet Yılmaz", "mehmet@yilmaz.example"],
    subject: "Teknik çizimler",
    preview: "Merhaba, çizimlerin son hâlini ekte bulabilirsin.",
    files: [["cizim.dwg", "image/vnd.dwg", 3_100_000]],
  },
  { from: ["", "gauge-7@nordnes.example"], subject: "", preview: "Water level 1.32 m, rising." },
];

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** A body for a sample that has none of its own. */
export function bodies(sample: Omit<Sample, "ago">): string {
  const name = sample.from[0] || sample.from[1];
  const pictures = sample.remote ? `<p><img alt="A picture that was not loaded" width="320" height="120"></p>` : "";
  return `<p dir="auto">${escape(sample.preview)}</p>${pictures}<p>You can write back to this address, or call in the morning.</p><p class="sig" dir="auto">${escape(name)}</p>`;
}
