frappe.listview_settings["Shared Login Report"] = {
    get_indicator(doc) {
        const colours = { New: "red", Explained: "green", Confirmed: "orange" };
        return [__(doc.status), colours[doc.status], `status,=,${doc.status}`];
    },
};
