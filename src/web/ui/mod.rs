//! stub
pub struct Pages;
impl Pages {
    pub fn new(
        _: crate::sync::manage::Manager,
        _: crate::sync::Engine,
        _: std::sync::Arc<crate::secret::SetupCode>,
        _: super::origin::Origin,
        _: bool,
    ) -> Self {
        Pages
    }
}
