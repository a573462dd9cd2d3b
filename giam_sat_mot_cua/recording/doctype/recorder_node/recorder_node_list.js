frappe.listview_settings["Recorder Node"] = {
    add_fields: ["state"],
    get_indicator(doc) {
        return [__(doc.state), doc.state === "Up" ? "green" : "red", `state,=,${doc.state}`];
    },
};
