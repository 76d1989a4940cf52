//! The certificate that `serve` shows, from two PEM files.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::StartError;
use crate::config::TlsFiles;

/// TLS 1.2 and 1.3 with this certificate.
pub(super) fn server_config(files: &TlsFiles) -> Result<ServerConfig, StartError> {
    let bad_cert = |e: &dyn std::fmt::Display| StartError::File(files.cert.clone(), e.to_string());
    let bad_key = |e: &dyn std::fmt::Display| StartError::File(files.key.clone(), e.to_string());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.cert)
        .map_err(|e| bad_cert(&e))?
        .collect::<Result<_, _>>()
        .map_err(|e| bad_cert(&e))?;
    if chain.is_empty() {
        return Err(bad_cert(&"there is no certificate in it"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| bad_key(&e))?;
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| bad_cert(&e))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|e| bad_key(&e))
}
