"""What a request sends of a document is values of fields. Frappe gives a document whatever name a request
sends; under the name of one of its attributes or methods it would change how the document works."""

SET_BY_NAME = ("docstatus",)  # a property of every document, and a field


class OwnAttributes:
	"""For controllers, before Document: names of the class are no fields, and are left as they are."""

	def set(self, key, value, *more, **options):
		if key not in SET_BY_NAME and hasattr(type(self), key):
			return
		super().set(key, value, *more, **options)
