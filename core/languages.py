"""The languages of the app: each has a catalogue in pages/components/frame/locale and a guide in docs."""

# by code: its own name; English is the language of the source
LANGUAGES = {"en": "English", "ko": "한국어", "ja": "日本語"}
