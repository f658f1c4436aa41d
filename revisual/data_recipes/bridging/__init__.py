"""Vision-R1's modality bridging (section 3.2): long thoughts about pictures from a model that sees none."""
