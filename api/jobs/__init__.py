"""Background work: pick ids, build a Ctx, call one command."""
