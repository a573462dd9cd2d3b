frappe.ui.form.on("Signing Key", {
    refresh(frm) {
        frm.disable_save();
        frm.page.set_indicator(__(frm.doc.status), frm.doc.status === "Active" ? "green" : "gray");
        frm.add_custom_button(__("Download the Certificate"), () => {
            const name = encodeURIComponent(frm.doc.name);
            const path = "/api/method/giam_sat_mot_cua.api.signing_keys.certificate";
            window.location.assign(`${path}?name=${name}`);
        });
    },
});
