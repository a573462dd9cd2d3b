frappe.listview_settings["Register Import"] = {
    get_indicator(doc) {
        const colours = {
            Checking: "blue",
            Importing: "blue",
            Checked: "green",
            Imported: "green",
            "Has Errors": "red",
            Failed: "red",
        };
        return [__(doc.status), colours[doc.status] || "gray", `status,=,${doc.status}`];
    },
};
