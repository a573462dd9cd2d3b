frappe.query_reports["Held Footage"] = {
    filters: [{ fieldname: "camera", label: __("Camera"), fieldtype: "Link", options: "Camera" }],
};
