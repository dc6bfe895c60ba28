// A certified OpenID provider of somebody else (oidc-provider from npm), as a process: node openid_provider.cjs SETTINGS
// SETTINGS is JSON: {port, back, logout, secret}. Whoever posts {login, amr} to an interaction has signed in as `login`.
const { Provider } = require("oidc-provider");

const { port, back, logout, secret } = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "minhchung",
      client_secret: secret,
      redirect_uris: [back],
      backchannel_logout_uri: logout,
      backchannel_logout_session_required: true,
      token_endpoint_auth_method: "client_secret_basic",
    },
  ],
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
  claims: { openid: ["sub", "email", "sid", "amr"] },
  conformIdTokenClaims: false,
  // It calls no private address by itself; here the service is on this very machine.
  fetch: (url, { dispatcher: _, ...options }) => fetch(url, options),
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  cookies: { keys: ["only for tests"] },
  async findAccount(_ctx, sub) {
    return { accountId: sub, claims: () => ({ sub, email: "lan@minhchung.example" }) };
  },
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
});

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/interaction/")) return next();
  const said = new URLSearchParams(ctx.querystring);
  if (said.get("answer") === "deny") {
    return provider.interactionFinished(ctx.req, ctx.res, { error: "access_denied" });
  }
  const amr = said.get("amr") ? said.get("amr").split(" ") : ["pwd"];
  await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: said.get("login"), amr } });
  ctx.respond = false;
});

provider.listen(port, "127.0.0.1", () => console.log(issuer));
