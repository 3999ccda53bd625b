// Carries the precompiled header; lean on purpose: a larger one is slower.
