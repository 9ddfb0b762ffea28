"""The languages of the app: each has a catalogue in pages/components/frame/locale and a guide in docs."""

LANGUAGES = {"en": "English", "ko": "한국어", "ja": "日本語"}  # by code: its own name; English is the language of the source
