frappe.listview_settings["Maintenance Order"] = {
    get_indicator(doc) {
        const colours = { Planned: "blue", "In Progress": "orange", Done: "green", Cancelled: "gray" };
        return [__(doc.status), colours[doc.status], `status,=,${doc.status}`];
    },
};
