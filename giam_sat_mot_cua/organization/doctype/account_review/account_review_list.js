frappe.listview_settings["Account Review"] = {
    get_indicator(doc) {
        return [__(doc.status), doc.status === "Open" ? "blue" : "gray", `status,=,${doc.status}`];
    },
};
