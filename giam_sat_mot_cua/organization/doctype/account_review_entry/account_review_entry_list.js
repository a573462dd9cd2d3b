frappe.listview_settings["Account Review Entry"] = {
    hide_name_column: true,
    get_indicator(doc) {
        const colours = {
            Waiting: "orange",
            Decided: "green",
            Overdue: "red",
            "Suspension Proposed": "red",
            Closed: "gray",
        };
        return [__(doc.status), colours[doc.status], `status,=,${doc.status}`];
    },
};
