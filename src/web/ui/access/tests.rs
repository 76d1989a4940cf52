#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;

#[test]
fn what_is_stored_comes_back_as_it_was() {
    let oauth = Auth::OAuth {
        token_url: "https://l.example/t".into(),
        client_id: "me".into(),
        scope: Some("all".into()),
    };
    for auth in [
        Auth::Bearer,
        Auth::Header {
            name: "ApiKey".into(),
        },
        Auth::Basic { user: "ann".into() },
        oauth,
    ] {
        let access = Access {
            auth,
            headers: vec![Header {
                name: "X-Org".into(),
                value: "7".into(),
            }],
        };
        let form = AccessForm::stored(&access);
        let kind = &form.kinds.iter().find(|c| c.chosen).unwrap().value;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("auth", kind),
            ("auth_header", &form.header),
            ("auth_user", &form.user),
            ("token_url", &form.token_url),
            ("client_id", &form.client_id),
            ("token_scope", &form.scope),
            ("headers", &form.headers),
        ] {
            query.append_pair(name, value);
        }
        let (again, typed) = AccessForm::typed(&Form::of_query(&query.finish()));
        let typed = typed.unwrap();
        assert_eq!(typed.auth.as_str(), access.auth.as_str());
        assert_eq!(crate::sync::manage::clean_access(&typed).unwrap(), access);
        assert!(again.open);
    }
    let (_, wrong) = AccessForm::typed(&Form::of_query("headers=nonsense"));
    assert!(wrong.is_err());
    let (bare, nothing) = AccessForm::typed(&Form::of_query(""));
    assert_eq!((nothing.unwrap(), bare.open), (Access::default(), false));
}
