// Rules stay on the server. This only shows the two steps of an operator.

const OPERATORS = ["Monitoring Operator", "Monitoring Administrator"];

frappe.ui.form.on("Footage Application", {
    refresh(frm) {
        gsmc.lock_fields(frm);
        // they speak to the applicant, on the public page
        frm.meta.fields.forEach((df) => frm.set_df_property(df.fieldname, "description", ""));
        frm.disable_save();
        frm.trigger("say_where_it_stands");
        const waits = frm.doc.status === "Received" && !frm.is_new();
        if (!waits || !frappe.user.has_role(OPERATORS)) return;
        frm.add_custom_button(__("Take Over"), () => frm.events.take_over(frm)).addClass("btn-primary");
        frm.add_custom_button(__("Refuse"), () => frm.events.refuse(frm));
    },

    say_where_it_stands(frm) {
        frm.set_intro("");
        const reason = frappe.utils.escape_html(frm.doc.reason || "");
        if (frm.doc.status === "Refused") frm.set_intro(__("Refused: {0}", [reason]), "red");
        if (frm.doc.status !== "Received") return;
        const due = frm.doc.due_on;
        if (due && due < frappe.datetime.now_datetime()) {
            frm.set_intro(__("Overdue since {0}.", [frappe.datetime.str_to_user(due)]), "red");
        } else {
            frm.set_intro(
                __("Read the application and its scan, then take it over as a request, or refuse it."),
                "blue",
            );
        }
    },

    async take_over(frm) {
        const { message } = await frappe.call({
            method: "giam_sat_mot_cua.api.applications.take_over",
            type: "POST",
            args: { application: frm.doc.name },
            freeze: true,
        });
        frappe.set_route("Form", "Extraction Request", message.request);
    },

    refuse(frm) {
        frappe.prompt(
            [
                {
                    fieldname: "reason",
                    fieldtype: "Small Text",
                    label: __("Reason"),
                    description: __("The applicant reads it."),
                    reqd: 1,
                },
            ],
            async ({ reason }) => {
                await frappe.call({
                    method: "giam_sat_mot_cua.api.applications.refuse",
                    type: "POST",
                    args: { application: frm.doc.name, reason },
                    freeze: true,
                });
                frm.reload_doc();
            },
            __("Refuse"),
            __("Confirm"),
        );
    },
});
