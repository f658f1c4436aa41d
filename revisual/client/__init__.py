"""Asking servers with OpenAI's chat interface: many questions at once, each answer kept and none asked for twice."""
