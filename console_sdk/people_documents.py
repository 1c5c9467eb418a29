"""What `console_sdk.people` sends: its GraphQL documents."""

from typing import Final

from console_sdk.answers import PROBLEM

INVITATION: Final = """
fragment InvitationFields on Invitation {
  id name email roleId status createdAt expiresAt acceptedAt
}
"""
SESSIONS: Final = """query Sessions($first: Int!, $after: String) {
  result: sessions(first: $first, after: $after) {
    nodes { id address createdAt lastSeenAt expiresAt current } pageInfo { hasNextPage endCursor }
  }
}"""
SECOND_FACTOR: Final = """query SecondFactor {
  result: secondFactor { enrolled fresh recoveryCodesLeft resetAt }
}"""
INVITATIONS: Final = (
    """query Invitations($first: Int!, $after: String) {
  result: invitations(first: $first, after: $after) {
    nodes { ...InvitationFields } pageInfo { hasNextPage endCursor }
  }
}"""
    + INVITATION
)
END_SESSION: Final = (
    """mutation EndSession($id: ID!) {
  result: endSession(id: $id) { ... on ClosedSession { ended } ...ProblemFields }
}"""
    + PROBLEM
)
END_OTHERS: Final = (
    """mutation EndOtherSessions {
  result: endOtherSessions { ... on EndedSessions { count } ...ProblemFields }
}"""
    + PROBLEM
)
CHANGE: Final = (
    """mutation ChangePassword($oldPassword: String!, $newPassword: String!) {
  result: changePassword(oldPassword: $oldPassword, newPassword: $newPassword) {
    ... on PasswordChanged { endedSessions } ...ProblemFields
  }
}"""
    + PROBLEM
)
REQUEST_RESET: Final = (
    """mutation RequestPasswordReset($email: String!) {
  result: requestPasswordReset(email: $email) {
    ... on ResetRequested { accepted } ...ProblemFields
  }
}"""
    + PROBLEM
)
RESET: Final = (
    """mutation ResetPassword($code: String!, $newPassword: String!) {
  result: resetPassword(code: $code, newPassword: $newPassword) {
    ... on PasswordChanged { endedSessions } ...ProblemFields
  }
}"""
    + PROBLEM
)
ENROL: Final = (
    """mutation EnrolSecondFactor($password: String!) {
  result: enrolSecondFactor(password: $password) {
    ... on EnrolledSecondFactor { uri secret } ...ProblemFields
  }
}"""
    + PROBLEM
)
CONFIRM: Final = (
    """mutation ConfirmSecondFactor($code: String!) {
  result: confirmSecondFactor(code: $code) {
    ... on ConfirmedSecondFactor { freshUntil recoveryCodes recoveryCodesLeft } ...ProblemFields
  }
}"""
    + PROBLEM
)
INVITE: Final = (
    """mutation CreateInvitation(
  $email: String!, $name: String!, $roleId: ID!, $idempotencyKey: String!
) {
  result: createInvitation(
    email: $email, name: $name, roleId: $roleId, idempotencyKey: $idempotencyKey
  ) {
    ... on CreatedInvitation { inviteCode link invitation { ...InvitationFields } } ...ProblemFields
  }
}"""
    + INVITATION
    + PROBLEM
)
WITHDRAW: Final = (
    """mutation WithdrawInvitation($id: ID!) {
  result: withdrawInvitation(id: $id) { ...InvitationFields ...ProblemFields }
}"""
    + INVITATION
    + PROBLEM
)
ACCEPT: Final = (
    """mutation AcceptInvitation($code: String!, $password: String!) {
  result: acceptInvitation(code: $code, password: $password) {
    ... on AcceptedInvitation { enterprise name keyId secret } ...ProblemFields
  }
}"""
    + PROBLEM
)
