frappe.ui.form.on("Health Event", {
    refresh(frm) {
        const open = frm.doc.status === "Open";
        const colour = frm.doc.severity === "Critical" ? "red" : "orange";
        frm.page.set_indicator(__(frm.doc.status), open ? colour : "green");
        frm.set_intro("");
        if (open && frm.doc.silenced) {
            frm.set_intro(
                __("Planned maintenance covers this: nobody is told. What is missing stays on the ledger."),
                "blue",
            );
        } else if (open && frm.doc.detail) {
            frm.set_intro(frappe.utils.escape_html(frm.doc.detail), colour);
        }
    },
});
