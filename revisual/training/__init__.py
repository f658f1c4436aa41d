"""The LightningModules: glue between the parts."""
