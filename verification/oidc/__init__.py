"""The OpenID Connect provider: sign in with a proof of life. docs/openid-connect.md."""
