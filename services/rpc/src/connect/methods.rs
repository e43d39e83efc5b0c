use std::collections::HashMap;

use prost_reflect::MethodDescriptor;

/// Every RPC that has one answer, by its path.
#[derive(Debug)]
pub(super) struct Methods(HashMap<String, MethodDescriptor>);

impl Default for Methods {
    fn default() -> Self {
        let unary = proto::rpcs().map(|(method, _)| method);
        let unary = unary.filter(|method| !method.is_server_streaming() && !method.is_client_streaming());
        Self(unary.map(|method| (proto::path(&method), method)).collect())
    }
}

impl Methods {
    pub(super) fn named(&self, path: &str) -> Option<MethodDescriptor> {
        self.0.get(path).cloned()
    }
}
