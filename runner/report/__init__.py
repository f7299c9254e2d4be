"""From events to what people and tools read: JSON, Markdown and more."""
