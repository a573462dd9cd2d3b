frappe.query_reports["Overdue Account Reviews"] = {
    filters: [
        { fieldname: "review", label: __("Account Review"), fieldtype: "Link", options: "Account Review" },
    ],
};
