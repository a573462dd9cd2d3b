frappe.listview_settings["Footage Application"] = {
    add_fields: ["status"],
    hide_name_column: false,
    get_indicator(doc) {
        const colour = { Received: "orange", "Taken Over": "blue", Refused: "gray" }[doc.status];
        return [__(doc.status), colour, `status,=,${doc.status}`];
    },
    formatters: { due_on: gsmc.to_the_minute },
};
