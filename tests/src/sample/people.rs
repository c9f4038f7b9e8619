//! Who writes. All made up.

/// A person or a house with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// As shown.
    pub name: &'static str,
    /// Address.
    pub address: &'static str,
}

macro_rules! people {
    ($($key:ident $name:literal $address:literal;)*) => {
        $(#[doc = $name] pub const $key: Person = Person { name: $name, address: $address };)*
    };
}

people! {
    MARIT "Marit Solheim" "marit@fjordlys.example";
    MARIT_AT_HOME "Marit Solheim" "marit@solheim.example";
    JONAS "Jonas Lindqvist" "jonas@lindqvist-dahl.example";
    SIGRID "Sigrid Vik" "sigrid.vik@solheim.example";
    TUVA "Tuva Berg" "tuva@bergverft.example";
    PRIYA "Priya Raman" "priya@raman-accounts.example";
    LUC "Luc Moreau" "luc.moreau@charpente-moreau.example";
    ANNELIESE "Anneliese Krüger" "a.krueger@holz-krueger.example";
    OMAR "عمر الحداد" "omar@haddad-timber.example";
    NOA "נועה לוי" "noa@levi-photo.example";
    YUMI "田中 由美" "yumi.tanaka@minato-kobo.example";
    WEN "陈文" "chen.wen@lanhai-boats.example";
    OLEKSANDR "Олександр Бондар" "o.bondar@pereklad.example";
    ELENI "Ελένη Παππά" "eleni@pappa-marine.example";
    ANONG "อนงค์ สุขใจ" "anong@baanreua.example";
    MARCIN "Marcin Dąbrowski" "marcin@stocznia-dabrowski.example";
    INES "Inés Ortega" "ines@ortega-velas.example";
    FATHER "Arne Solheim" "arne@solheim.example";
    LIV "Liv Solheim" "liv@solheim.example";
    COUNCIL "Harbour Council" "post@nordnes-harbour.example";
    HAVNEVIK "Havnevik Yard" "office@havnevik.example";
    NORDBANK "Nordbank" "no-reply@nordbank.example";
    TIDELINE "The Tideline" "letters@thetideline.example";
    ROPEWALK "The Ropewalk" "hello@ropewalk.example";
    GRAIN "Grain & Glue" "weekly@grainandglue.example";
    FERRY "Kystlinjen" "booking@kystlinjen.example";
    SHOP "Møllerodden Chandlery" "orders@mollerodden.example";
    RAIL "Nattoget" "tickets@nattoget.example";
    PRIZE "Winner Department" "claims@prize-desk.example";
    PARCEL "Parcel Notice" "notice@parcel-desk.example";
}
