"""Felix and its siblings: models of what their pages say, and a catalogue of what they can say."""
