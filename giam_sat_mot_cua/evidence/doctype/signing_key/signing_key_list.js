// The server decides who may; the buttons only spare others a refusal.

const API = "giam_sat_mot_cua.api.signing_keys.";

frappe.listview_settings["Signing Key"] = {
    add_fields: ["status"],
    get_indicator(doc) {
        return [__(doc.status), doc.status === "Active" ? "green" : "gray", `status,=,${doc.status}`];
    },
    onload(list) {
        if (!frappe.user.has_role("Monitoring Administrator")) return;
        list.page.add_inner_button(__("Make a New Key"), () => make_key(list));
        list.page.add_inner_button(__("Use a Certificate Authority's Key"), () => ask_for_file(list));
    },
};

function make_key(list) {
    const text = __(
        "A new key signs every package from now on. The certificate of the present one stays, for the packages that it has signed.",
    );
    frappe.confirm(text, async () => {
        const { message } = await frappe.call({
            method: `${API}make`,
            type: "POST",
            freeze: true,
        });
        told(list, message.name);
    });
}

function ask_for_file(list) {
    const dialog = new frappe.ui.Dialog({
        title: __("Use a Certificate Authority's Key"),
        fields: [{ fieldname: "choice", fieldtype: "HTML" }],
        primary_action_label: __("Use"),
        async primary_action() {
            const form = new FormData();
            const file = dialog.$wrapper.find("input[type=file]")[0].files[0];
            if (file) form.append("file", file);
            form.append("password", password.val());
            const taken = await gsmc.send_form(`${API}take`, form, __("Signing Key"));
            if (!taken) return;
            dialog.hide();
            told(list, taken.name);
        },
    });
    const label = $("<label class='control-label'>").text(__("PKCS#12 file (.p12, .pfx)"));
    const input = $("<input type='file' class='form-control' accept='.p12,.pfx'>");
    // not the Desk's field, which judges how strong a new password is
    const password = $("<input type='password' class='form-control' autocomplete='off'>");
    const password_label = $("<label class='control-label'>").text(__("Password of the File"));
    const hint = $("<p class='help-box small text-muted'>").text(
        __("The key is stored encrypted; the file itself is not kept."),
    );
    dialog.get_field("choice").$wrapper.append(label.append(input), hint, password_label.append(password));
    dialog.show();
}

function told(list, name) {
    frappe.show_alert({ message: __("{0} signs from now on.", [name]), indicator: "green" });
    list.refresh();
}
