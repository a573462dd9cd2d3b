frappe.ui.form.on("Backup Run", {
    refresh(frm) {
        frm.disable_save();
        const colours = { Running: "blue", Succeeded: "green", Failed: "red" };
        frm.page.set_indicator(__(frm.doc.outcome), colours[frm.doc.outcome]);
        frm.set_intro("");
        if (frm.doc.message) frm.set_intro(frm.doc.message, "red");
    },
});
