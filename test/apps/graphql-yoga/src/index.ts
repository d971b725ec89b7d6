/** A GraphQL API after Yoga's documentation: schema, resolvers, masked errors, a subscription over server-sent events. */
import { GraphQLError } from "graphql";
import { createSchema, createYoga } from "graphql-yoga";

interface Env {
  readonly BACKEND: string;
}

const books = [
  { id: "1", title: "Solaris", author: "Stanisław Lem" },
  { id: "2", title: "Momo", author: "Michael Ende" },
];

const yoga = createYoga<Env>({
  logging: false,
  schema: createSchema<Env>({
    typeDefs: /* GraphQL */ `
      type Book {
        id: ID!
        title: String!
        author: String!
      }
      type Query {
        hello(name: String = "world"): String!
        book(id: ID!): Book
        books: [Book!]!
        secret: String
      }
      type Mutation {
        addBook(title: String!, author: String!): Book!
      }
      type Subscription {
        countdown(from: Int!): Int!
      }
    `,
    resolvers: {
      Query: {
        hello: (_, { name }: { name: string }) => `Hello ${name}!`,
        books: () => books,
        book: (_, { id }: { id: string }) => {
          const found = books.find((book) => book.id === id);
          if (found) return found;
          throw new GraphQLError(`Book with id '${id}' not found.`, { extensions: { code: "BOOK_NOT_FOUND" } });
        },
        secret: () => {
          throw new Error("the password is 1234");
        },
      },
      Mutation: {
        addBook: (_, { title, author }: { title: string; author: string }) => {
          const book = { id: String(books.length + 1), title, author };
          books.push(book);
          return book;
        },
      },
      Subscription: {
        countdown: {
          async *subscribe(_, { from }: { from: number }, { BACKEND }) {
            yield { countdown: from };
            await fetch(`${BACKEND}/tick`);
            for (let i = from - 1; i >= 0; i--) yield { countdown: i };
          },
        },
      },
    },
  }),
});

// oxlint-disable-next-line typescript/unbound-method -- as Yoga's documentation has it: the function needs no receiver
export default { fetch: yoga.fetch };
