// SPDX-License-Identifier: Apache-2.0
#include "node/couriers.h"

#include "node/last_hop.h"
#include "node/proof_view.h"
#include "uplink/by_title.h"
#include "uplink/by_title_prover.h"
#include "uplink/dimse.h"
#include "uplink/dimse_contact.h"
#include "uplink/dimse_prover.h"
#include "uplink/folder.h"
#include "uplink/folder_contact.h"
#include "uplink/http_contact.h"
#include "uplink/http_json.h"
#include "uplink/stow.h"
#include "uplink/stow_prover.h"

namespace sampan::node {
namespace {

uplink::DimseOptions dimse_options(const settings::Destination& destination, const std::string& calling_ae, const Env& env) {
  uplink::DimseOptions options;
  options.name = destination.name;
  options.host = destination.dimse->host;
  options.port = destination.dimse->port;
  options.called_ae = destination.dimse->ae_title;
  options.calling_ae = calling_ae;
  options.identity = env.identity;
  return options;
}

uplink::StowAuth auth_of(const settings::Auth& auth) {
  if (!auth.bearer_file.empty()) return uplink::Bearer{auth.bearer_file};
  if (!auth.basic.user.empty()) return uplink::Basic{auth.basic.user, auth.basic.password_file};
  const auto& client = auth.oauth2;
  if (client.token_url.empty()) return {};
  return uplink::OAuth2{client.token_url, client.client_id, client.client_secret_file, client.scope};
}

uplink::HttpOptions http_options(const settings::Destination& destination) {
  uplink::HttpOptions options;
  options.ca_file = destination.tls.ca_file;
  options.certificate = destination.tls.certificate;
  options.key = destination.tls.key;
  options.proxy = destination.proxy.url;
  options.proxy_user = destination.proxy.user;
  options.proxy_password_file = destination.proxy.password_file;
  return options;
}

uplink::StowOptions stow_options(const settings::Destination& destination) {
  uplink::StowOptions options;
  options.url = destination.stow;
  options.http = http_options(destination);
  options.auth = auth_of(destination.auth);
  return options;
}

uplink::HttpJsonOptions http_json_options(const settings::Destination& destination) {
  return {destination.http, http_options(destination), auth_of(destination.auth)};
}

}  // namespace

std::string courier_kind(const settings::Destination& destination) {
  if (destination.dimse) return "dimse";
  if (!destination.http.empty()) return "http";
  return destination.stow.empty() ? "folder" : "stow";
}

std::string address_of(const settings::Destination& destination) {
  if (!destination.stow.empty()) return destination.stow;
  if (!destination.http.empty()) return destination.http;
  if (!destination.dimse) return destination.folder;
  const auto& at = *destination.dimse;
  const bool ipv6 = at.host.find(':') != std::string::npos;
  return at.ae_title + "@" + (ipv6 ? "[" + at.host + "]" : at.host) + ":" + std::to_string(at.port);
}

static std::unique_ptr<core::Courier> make_carrier(const settings::Destination& destination, Env env, const core::Judge& judge) {
  if (!destination.stow.empty()) return uplink::make_stow_courier(stow_options(destination), env.files, judge, env.clock);
  if (!destination.http.empty()) return uplink::make_http_json_courier(http_json_options(destination), env.files, judge, env.clock);
  if (!destination.dimse) return uplink::make_folder_courier({destination.folder, env.folder_memory}, env.files, env.clock);
  const auto make = [destination, env, &judge](const std::string& title) {
    return uplink::make_dimse_courier(dimse_options(destination, title, env), judge, env.clock);
  };
  if (!has_titles(destination)) return make(destination.calling_ae);
  const auto title_of = [destination](const core::Item& item) { return calling_ae_for(destination, item); };
  return uplink::make_by_title_courier({destination.name, title_of, make, env.clock});
}

std::unique_ptr<core::Courier> make_courier(const settings::Destination& destination, Env env, const core::Judge& judge, uplink::Change change) {
  if (env.transport != nullptr) return env.transport->courier(destination);
  auto carrier = make_carrier(destination, env, judge);
  if (!transforms(destination)) return carrier;
  uplink::TransformingOptions options;
  options.wanted = [destination](const core::Item& item) { return transform_for(destination, item); };
  options.system = "SAMPAN " + destination.calling_ae;
  options.digest_wanted = !destination.folder.empty();
  options.change = std::move(change);
  return uplink::make_transforming_courier(std::move(options), std::move(carrier));
}

std::shared_ptr<core::Contact> make_contact(const settings::Destination& destination, Env env, const core::Judge& judge) {
  if (env.transport != nullptr) return nullptr;
  const auto web = [&](const std::string& url, bool is_search) {
    return uplink::make_http_contact({url, is_search, http_options(destination), auth_of(destination.auth)}, env.files, judge, env.clock);
  };
  if (!destination.stow.empty()) return web(destination.stow, true);
  if (!destination.http.empty()) return web(destination.http, false);
  if (!destination.dimse) return uplink::make_folder_contact({destination.folder, env.folder_memory}, env.files);
  return uplink::make_dimse_contact({dimse_options(destination, destination.calling_ae, env), !has_titles(destination)}, judge);
}

std::unique_ptr<core::Prover> make_prover(const settings::Destination& destination, Env env, const core::Judge& judge,
                                          core::Transactions& transactions, core::Receipts& receipts) {
  using settings::ProofBy;
  const bool may_commit = destination.proof == ProofBy::automatic || destination.proof == ProofBy::commitment;
  const bool may_query = destination.proof == ProofBy::automatic || destination.proof == ProofBy::query;
  if (!can_prove(destination)) return nullptr;
  if (env.transport != nullptr) return env.transport->prover(destination, transactions, receipts);
  if (destination.dimse) {
    const auto make = [=, &transactions, &receipts](const std::string& title) {
      return uplink::make_dimse_prover({dimse_options(destination, title, env), may_commit, may_query}, transactions, receipts, env.clock);
    };
    if (!has_titles(destination)) return make(destination.calling_ae);
    return uplink::make_by_title_prover({[destination](const core::Item& item) { return calling_ae_for(destination, item); }, make});
  }
  if (!destination.stow.empty())
    return uplink::make_stow_prover({destination.name, stow_options(destination), may_commit, may_query}, transactions, receipts,
                                    env.files, judge, env.clock);
  return nullptr;
}

}  // namespace sampan::node
