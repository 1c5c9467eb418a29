// What the Relay compiler is given: a page, a refetchable fragment with pages of its own, a mutation.
import { graphql } from "relay-runtime";

export const query = graphql`
  query pagesProductsQuery($first: Int!) {
    ...pages_products @arguments(first: $first)
    viewer {
      id
      kind
    }
  }
`;

export const products = graphql`
  fragment pages_products on Query
  @refetchable(queryName: "pagesProductsRefetchQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 20 }, after: { type: "String" }) {
    products(first: $first, after: $after) @connection(key: "pages_products") {
      edges {
        node {
          id
          code
          name
          saleStatus
        }
      }
    }
  }
`;

export const key = graphql`
  fragment pages_key on AccessKey @refetchable(queryName: "pagesKeyRefetchQuery") {
    name
    status
    createdAt
    versions {
      tail
      status
    }
  }
`;

export const order = graphql`
  mutation pagesPlaceOrderMutation($planCode: String!, $key: String!) {
    placeOrder(planCode: $planCode, idempotencyKey: $key) {
      __typename
      ... on Order {
        id
        status
        total {
          amount
        }
      }
      ... on Problem {
        code
        message
      }
    }
  }
`;
