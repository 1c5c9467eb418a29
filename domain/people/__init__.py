"""People: how they prove themselves, their sessions, invitations and second factors."""
