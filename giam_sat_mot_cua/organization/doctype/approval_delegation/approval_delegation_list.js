frappe.listview_settings["Approval Delegation"] = {
    get_indicator(doc) {
        const colours = { Upcoming: "blue", "In Force": "green", Ended: "gray", Withdrawn: "red" };
        return [__(doc.status), colours[doc.status], `status,=,${doc.status}`];
    },
};
