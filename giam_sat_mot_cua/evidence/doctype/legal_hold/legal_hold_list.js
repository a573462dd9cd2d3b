frappe.listview_settings["Legal Hold"] = {
    add_fields: ["status"],
    get_indicator(doc) {
        return [__(doc.status), doc.status === "Active" ? "orange" : "gray", `status,=,${doc.status}`];
    },
};
