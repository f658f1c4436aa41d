"""System prompts of the papers; this module imports nothing."""

REVISUAL_R1_SYSTEM_PROMPT = (
    "You FIRST think about the reasoning process as an internal monologue and then provide the final answer. "
    "The reasoning process MUST BE enclosed within <think> </think> tags. "
    "The final answer MUST BE put in \\boxed{}."
)
"""What the ReVisual-R1 paper asks of the model, in training and in use."""
