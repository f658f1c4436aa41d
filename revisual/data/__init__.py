"""From files to encoded prompts: samples, readers, chat rendering, loaders."""
