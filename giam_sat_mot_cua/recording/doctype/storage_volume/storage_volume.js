frappe.ui.form.on("Storage Volume", {
    refresh(frm) {
        if (frm.is_new() || !frm.doc.enabled) return;
        frm.page.set_indicator(
            __(frm.doc.state || "Not Checked Yet"),
            frm.doc.state === "Ready" ? "green" : "red",
        );
    },
});
