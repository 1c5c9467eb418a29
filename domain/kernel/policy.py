"""The numbers of the house: every default that a platform may want to change."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """The house's numeric rules as the domain sees them; set by COUNTERFOIL_* of the same name."""

    order_payment_window_seconds: int = 72 * 3600
    token_ttl_seconds: int = 2 * 3600
    token_ttl_max_seconds: int = 30 * 86400
    token_requests_per_second: int = 10
    leak_reports_per_second: int = 10
    secret_overlap_seconds: int = 24 * 3600
    secret_overlap_max_seconds: int = 7 * 86400
    key_rotation_days: int = 90
    key_unused_days: int = 90
    session_ttl_seconds: int = 12 * 3600
    session_seen_seconds: int = 300
    sign_in_failures: int = 5
    sign_in_window_seconds: int = 900
    sign_in_wait_seconds: int = 30
    sign_in_wait_max_seconds: int = 900
    sign_in_stranger_wait_max_seconds: int = 60
    sign_in_per_minute: int = 20
    password_reset_seconds: int = 1800
    password_resets_per_hour: int = 3
    invitation_seconds: int = 7 * 86400
    second_factor_seconds: int = 600
    second_factor_reset_seconds: int = 24 * 3600
    hand_over_seconds: int = 72 * 3600
    device_days: int = 365
    main_keys_max: int = 5
    sub_accounts_max: int = 200
    roles_max: int = 50
    pack_validity_days: int = 365
    transfer_guesses: int = 3
    verification_attempts_a_day: int = 3
    transfer_window_seconds: int = 72 * 3600
    usage_late_days: int = 35
    usage_ahead_seconds: int = 5 * 60
    recharge_max_fen: int = 100_000_000
    personal_order_max_fen: int = 500_000
    payment_fresh_above_fen: int = 1_000_000

    @property
    def order_payment_window(self) -> timedelta:
        """How long an unpaid order waits and pins its prices."""
        return timedelta(seconds=self.order_payment_window_seconds)

    @property
    def session_ttl(self) -> timedelta:
        """How long a console session lives."""
        return timedelta(seconds=self.session_ttl_seconds)

    @property
    def password_reset_life(self) -> timedelta:
        """How long a code that resets a password works."""
        return timedelta(seconds=self.password_reset_seconds)

    @property
    def invitation_life(self) -> timedelta:
        """How long an invitation may be accepted."""
        return timedelta(seconds=self.invitation_seconds)

    @property
    def second_factor_life(self) -> timedelta:
        """How long a second factor counts after it was shown."""
        return timedelta(seconds=self.second_factor_seconds)

    @property
    def second_factor_reset_wait(self) -> timedelta:
        """How long a lost second factor still counts after its reset was opened."""
        return timedelta(seconds=self.second_factor_reset_seconds)

    @property
    def hand_over_life(self) -> timedelta:
        """How long an offer of the main account may be accepted."""
        return timedelta(seconds=self.hand_over_seconds)

    @property
    def transfer_window(self) -> timedelta:
        """How long a verification transfer may be confirmed."""
        return timedelta(seconds=self.transfer_window_seconds)
